using System.Globalization;
using System.Text.Json.Nodes;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>
/// What passed between an owner and those who asked it, in the order it came, as one version of sup wrote it: a line is a connection's number, a
/// direction (<c>&gt;</c> to the owner), and a frame's JSON, or <c>|</c> for its end. Never to be changed: sessions of that version may be alive.
/// </summary>
internal sealed record RecordedFrame(int Connection, bool ToOwner, JsonObject? Frame, string Json)
{
    public string Type => (string?)Frame?["type"] ?? "";

    public static IReadOnlyList<RecordedFrame> Read(string name) =>
        [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Supervising", "Recorded", name + ".frames")).Select(Parse)];

    private static RecordedFrame Parse(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        int connection = int.Parse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture);
        string json = line[(space + 2)..].Trim();
        return new RecordedFrame(connection, line[space + 1] == '>', json is "|" ? null : JsonNode.Parse(json)!.AsObject(), json);
    }
}
