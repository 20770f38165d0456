using System.Diagnostics.CodeAnalysis;

namespace Supervisor.Mcp.Resources;

/// <summary><c>sup://sessions</c>, <c>sup://sessions/{id}</c> or <c>sup://sessions/{id}/output</c>.</summary>
/// <param name="Session">What stands for the id; null for the list.</param>
/// <param name="IsOutput">Whether the output is meant.</param>
internal sealed record ResourceUri(string? Session, bool IsOutput)
{
    public const string List = "sup://sessions";
    public const string SessionTemplate = List + "/{id}";
    public const string OutputTemplate = SessionTemplate + "/output";

    public static string OfSession(string id) => $"{List}/{id}";

    public static string OfOutput(string id) => $"{List}/{id}/output";

    public static bool TryParse(string? uri, [NotNullWhen(true)] out ResourceUri? resource)
    {
        string[] parts = uri?.StartsWith(List + "/", StringComparison.Ordinal) == true ? uri[(List.Length + 1)..].Split('/') : [];
        resource = string.Equals(uri, List, StringComparison.Ordinal) ? new ResourceUri(null, IsOutput: false)
            : parts is [{ Length: > 0 } id] ? new ResourceUri(id, IsOutput: false)
            : parts is [{ Length: > 0 } of, "output"] ? new ResourceUri(of, IsOutput: true)
            : null;
        return resource is not null;
    }
}
