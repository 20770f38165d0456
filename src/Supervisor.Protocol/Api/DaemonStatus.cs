namespace Supervisor.Protocol.Api;

/// <summary>The daemon about itself: <c>GET /v1/daemon</c>.</summary>
public sealed record DaemonStatus
{
    public required int Pid { get; init; }

    /// <summary>Of the product, such as <c>0.1.0</c>.</summary>
    public required string Version { get; init; }

    public required int ApiMin { get; init; }

    public required int ApiMax { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime StartedAt { get; init; }

    public required double UptimeSeconds { get; init; }

    /// <summary>The absolute path of the control socket.</summary>
    public required string Socket { get; init; }

    /// <summary>Which daemon of this state root it is; each one's is higher than that of the one before.</summary>
    public required long Epoch { get; init; }

    /// <summary>Resident memory that is no file's, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>How many live sessions it knows of.</summary>
    public required int Sessions { get; init; }

    /// <summary>How many of them others own, such as runs in the foreground.</summary>
    public int ObservedSessions { get; init; }

    /// <summary>The size of its journal on disk.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>How often a part of it failed and was started again, since it started itself.</summary>
    public required long ActorRestarts { get; init; }

    /// <summary>The folder of its logs.</summary>
    public required string Logs { get; init; }
}
