using Supervisor.Protocol;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

public enum PtyChoice
{
    /// <summary>A PTY when stdout is a terminal.</summary>
    Auto,
    Always,
    Never,
}

/// <summary>What <c>sup run</c> was asked for, checked.</summary>
public sealed record RunRequest
{
    /// <summary>Finds the state root; throws <see cref="Protocol.Errors.SupException"/> where there is none that is safe.</summary>
    public required Func<StateRoot> Root { get; init; }

    /// <summary>Null: an id is made up.</summary>
    public SessionId? Id { get; init; }

    public SessionName? Name { get; init; }

    public required IReadOnlyList<byte[]> Command { get; init; }

    /// <summary>The command as text, for people and files.</summary>
    public required IReadOnlyList<string> CommandText { get; init; }

    /// <summary>Without sup's own variables, which are added.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    public string? WorkingDirectory { get; init; }

    public required CallerState Caller { get; init; }

    public required TimeSpan Retention { get; init; }

    /// <summary>So long without output, and it counts as idle; zero: never.</summary>
    public required TimeSpan SilenceAfter { get; init; }

    public required long MaxOutputBytes { get; init; }

    public PtyChoice Pty { get; init; }

    public TerminalSize? Size { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Resolves what the script hash covers; asked once, while other things happen.</summary>
    public required Func<ScriptIdentity> Script { get; init; }

    /// <summary>This program, to be started again as the terminal's monitor.</summary>
    public required string Program { get; init; }
}
