using Supervisor.Mcp.Control;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp;

/// <summary>What one server shows, and how.</summary>
public sealed record ServerSettings
{
    public required StateRoot Root { get; init; }

    /// <summary>sup's version, told to clients.</summary>
    public required string Version { get; init; }

    /// <summary>Only sessions whose working directory is this folder or below it; a real path. Null for any.</summary>
    public string? Folder { get; init; }

    /// <summary>Only this session: an id, a name or the start of an id, looked up anew each time. Null for any.</summary>
    public string? Session { get; init; }

    /// <summary>Only sessions whose name matches this pattern (see <see cref="Protocol.Values.Glob"/>). Null for any.</summary>
    public string? Name { get; init; }

    /// <summary>Only sessions with all of these labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether known forms of tokens and passwords are masked in what is shown.</summary>
    public bool Mask { get; init; } = true;

    /// <summary>What may be changed.</summary>
    public ControlRights Control { get; init; } = ControlRights.None;
}
