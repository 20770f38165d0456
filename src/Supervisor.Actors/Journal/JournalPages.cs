namespace Supervisor.Actors.Journal;

/// <summary>An event as it was read.</summary>
/// <param name="Ordering">Its place among the events of all ids.</param>
/// <param name="Created">When it was appended.</param>
public sealed record JournalRow(
    long Ordering, string PersistenceId, long SequenceNumber, string Manifest, ReadOnlyMemory<byte> Payload, DateTimeOffset Created);

/// <summary>Part of a replay.</summary>
/// <param name="HighestSequenceNumber">The highest that this id ever had; the replay goes on until then.</param>
public sealed record ReplayPage(IReadOnlyList<JournalRow> Events, long HighestSequenceNumber);

/// <summary>Part of the events of all ids.</summary>
/// <param name="Events">In order.</param>
/// <param name="Oldest">The ordering of the oldest event that is kept; 0 when there is none.</param>
/// <param name="Newest">The highest ordering ever given; 0 when none was.</param>
/// <param name="DeletedThrough">The highest ordering of a deleted event; 0 when none was deleted.</param>
public sealed record FeedPage(IReadOnlyList<JournalRow> Events, long Oldest, long Newest, long DeletedThrough)
{
    /// <summary>
    /// Whether events that came after this ordering are gone. More than a comparison with <see cref="Oldest"/>: events of one id can go while
    /// older ones of another stay.
    /// </summary>
    public bool HasGapAfter(long ordering) => ordering < DeletedThrough;
}

/// <summary>A state as it is stored, and the last event that is part of it.</summary>
/// <param name="Payload">The state's JSON alone, UTF-8.</param>
/// <param name="Created">When it was saved; the journal sets it.</param>
public sealed record JournalSnapshot(
    string PersistenceId, long SequenceNumber, string Manifest, ReadOnlyMemory<byte> Payload, DateTimeOffset Created = default);
