namespace Supervisor.Protocol.Files;

/// <summary><c>attempts/N.json</c>: one start of the command, claimed before the command is started.</summary>
public sealed record AttemptRecord
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required int Attempt { get; init; }

    public required DateTimeOffset ClaimedAt { get; init; }

    public int? Pid { get; init; }

    public long? PidStartTime { get; init; }

    public required string BootId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The transcript cursor of this attempt's first byte.</summary>
    public required long StartCursor { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public long? EndCursor { get; init; }

    public string? Error { get; init; }
}
