using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup ls</c></summary>
internal sealed class ListCommand : Command
{
    private const int DefaultWidth = 120;

    private readonly Option<bool> _all = new("--all", "-a") { Description = "The ended sessions too" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public ListCommand()
        : base("ls", "List the live sessions")
    {
        Options.Add(_all);
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetValue(_all), parsed.GetValue(_json)));
    }

    private static int Execute(bool withEnded, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        IReadOnlyList<SessionStatus> all = new SessionCatalog(root, TimeProvider.System).All();
        List<SessionAnswer> shown = [.. all.Where(s => withEnded || s.State.IsLive()).Select(s => SessionText.Answer(s, root, whole: false))];
        if (json)
        {
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(new SessionsAnswer(shown), AnswerJson.Default.SessionsAnswer));
            return 0;
        }

        if (shown.Count == 0)
        {
            int ended = all.Count;
            Data.Write(ended == 0 ? "no sessions" : string.Create(CultureInfo.InvariantCulture, $"no live sessions; {ended} ended (sup ls --all)"));
            return 0;
        }

        Data.Write(Table(shown));
        return 0;
    }

    private static string Table(List<SessionAnswer> sessions)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        List<string[]> rows = [["ID", "NAME", "STATE", "STARTED", "OUTPUT", "COMMAND"]];
        rows.AddRange(sessions.Select(s => new[]
        {
            s.Id,
            Printable.Line(s.Name ?? "-"),
            SessionText.Result(s),
            s.StartedAt is { } started ? DurationText.ForPeople(Math.Floor((now - started).TotalSeconds)).Replace(".00s", "s", StringComparison.Ordinal).Replace(".0s", "s", StringComparison.Ordinal) + " ago" : "-",
            ByteSize.ForPeople(s.OutputBytes),
            SessionText.Command(s),
        }));

        // The command comes last and is cut where the terminal ends; nothing is cut when a program reads.
        int width = Io.IsTerminal(1) ? Tty.GetSize(1)?.Columns ?? DefaultWidth : int.MaxValue;
        int[] widths = [.. Enumerable.Range(0, 5).Select(column => rows.Max(r => r[column].Length))];
        StringBuilder table = new();
        foreach (string[] row in rows)
        {
            StringBuilder line = new();
            for (int i = 0; i < widths.Length; i++)
            {
                line.Append(row[i].PadRight(widths[i])).Append("  ");
            }

            line.Append(row[^1]);
            table.Append(line.Length > width ? line.ToString(0, Math.Max(1, width - 1)) + "…" : line.ToString()).Append('\n');
        }

        return table.ToString().TrimEnd('\n');
    }
}
