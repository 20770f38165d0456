namespace Supervisor.Actors.Journal;

/// <summary>How a write ended.</summary>
public enum JournalStatus
{
    /// <summary>It is there, and survives a power loss.</summary>
    Written,

    /// <summary>Nothing was written: another event has that sequence number, or an earlier one is missing.</summary>
    Conflict,

    /// <summary>Nothing was written: the disk is full, the file read-only or locked, the request one that cannot be met.</summary>
    Failed,

    /// <summary>The commit failed in a way that leaves open whether it is there. The same write may be asked for again.</summary>
    Unknown,
}

/// <summary>How a write ended, and why when it did not.</summary>
public record JournalOutcome(JournalStatus Status, string? Reason = null)
{
    /// <summary>Written.</summary>
    public static JournalOutcome Written { get; } = new(JournalStatus.Written);

    public bool IsWritten => Status == JournalStatus.Written;
}

/// <summary>How an append ended.</summary>
/// <param name="LastOrdering">The ordering of the last of its events when it was written, else 0.</param>
public sealed record AppendResult(JournalStatus Status, string? Reason = null, long LastOrdering = 0) : JournalOutcome(Status, Reason);

/// <summary>What was read, or why it could not be.</summary>
public sealed record JournalRead<T>
{
    private readonly T? _value;

    internal JournalRead(T? value, string? failure)
    {
        _value = value;
        Failure = failure;
    }

    /// <summary>Why nothing was read; null when it was.</summary>
    public string? Failure { get; }

    public bool Succeeded => Failure is null;

    /// <exception cref="JournalException">Nothing was read.</exception>
    public T Value => Failure is null ? _value! : throw new JournalException(new JournalOutcome(JournalStatus.Failed, Failure));
}

/// <summary>Makes <see cref="JournalRead{T}"/>.</summary>
public static class JournalRead
{
    public static JournalRead<T> Of<T>(T value) => new(value, null);

    public static JournalRead<T> Failed<T>(string failure) => new(default, failure);
}

/// <summary>The journal did not do what an actor needs in order to go on.</summary>
public sealed class JournalException(JournalOutcome outcome)
    : Exception($"the journal {(outcome.Status == JournalStatus.Unknown ? "may not have written" : "failed")}: {outcome.Reason ?? "no reason given"}")
{
    public JournalOutcome Outcome { get; } = outcome;
}
