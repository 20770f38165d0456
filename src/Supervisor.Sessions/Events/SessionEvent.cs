namespace Supervisor.Sessions.Events;

/// <summary>A change of a session's state. What does not concern its type is null.</summary>
public sealed record SessionEvent
{
    /// <summary>The session's folder and first files were made.</summary>
    public const string Created = "session.created";

    /// <summary>No further attempt will follow.</summary>
    public const string Ended = "session.ended";

    /// <summary>Its owner vanished before it could write the end.</summary>
    public const string Lost = "session.lost";

    /// <summary>What <c>events.jsonl</c> calls <c>started resized exited gap freed</c> begins with this here.</summary>
    public const string Prefix = "session.";

    /// <summary>Not of a session: the event to go on after is not in this source, so something may be missing.</summary>
    public const string Gap = "gap";

    /// <summary>Opaque; null for a <see cref="Gap"/>, behind which one cannot go on.</summary>
    public string? Id { get; init; }

    public required string Type { get; init; }

    /// <summary>UTC; never decreases within a session. Of <see cref="Lost"/>: the last sign of life.</summary>
    public required DateTime Timestamp { get; init; }

    public string? SessionId { get; init; }

    public string? SessionName { get; init; }

    public int? Attempt { get; init; }

    public int? Pid { get; init; }

    /// <summary>The transcript's length at the time.</summary>
    public long? Cursor { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public int? Columns { get; init; }

    public int? Rows { get; init; }

    /// <summary>Lost or freed.</summary>
    public long? Bytes { get; init; }

    /// <summary>Of a gap, or of a start that failed.</summary>
    public string? Reason { get; init; }

    /// <summary>Of <see cref="Ended"/>: <c>exited signaled failed</c>.</summary>
    public string? State { get; init; }

    public string? EndReason { get; init; }

    public double? DurationSeconds { get; init; }

    /// <summary>Its place in the stream.</summary>
    internal EventId? Key { get; init; }

    /// <summary>It may have been written as late as this; null where nobody wrote it.</summary>
    internal DateTime? WrittenBy { get; init; }

    internal bool IsOfThisBoot { get; init; }
}
