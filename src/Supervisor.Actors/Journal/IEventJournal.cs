namespace Supervisor.Actors.Journal;

/// <summary>
/// Where events are kept, in the words of Akka.Persistence: a persistence id owns a gapless sequence of events from 1 on, and at most a few
/// snapshots. All events also have one <em>ordering</em> for everybody, which grows and is never given twice.
/// </summary>
/// <remarks>
/// What is called in order on one journal takes effect in that order, reads included: a replay sees every append asked for before it.
/// Nothing here blocks the caller, and failures of storage are values, never exceptions; only a mistake of the caller (a negative limit)
/// throws. A result that says written means that it survives a power loss. Every implementation passes the same spec.
/// </remarks>
public interface IEventJournal : IAsyncDisposable
{
    /// <summary>
    /// Writes the events of one persistence id, and the rows that go with them, in one transaction: all or nothing. A repeat of an append
    /// that is there already, by the same writer with the same content, counts as written.
    /// </summary>
    Task<AppendResult> AppendAsync(JournalAppend append);

    /// <summary>
    /// Events of one persistence id in order, from one sequence number on, at most <paramref name="limit"/> of them, and the highest
    /// sequence number that this id ever had.
    /// </summary>
    Task<JournalRead<ReplayPage>> ReplayAsync(string persistenceId, long fromSequenceNumber, int limit);

    /// <summary>The highest sequence number that this id ever had, of deleted events too; 0 when it is unknown.</summary>
    Task<JournalRead<long>> HighestSequenceNumberAsync(string persistenceId);

    /// <summary>Keeps a snapshot; one of the same sequence number is replaced.</summary>
    Task<JournalOutcome> SaveSnapshotAsync(JournalSnapshot snapshot);

    /// <summary>The newest snapshot, or a null value.</summary>
    Task<JournalRead<JournalSnapshot?>> LoadSnapshotAsync(string persistenceId);

    /// <summary>Deletes the snapshots up to and with this sequence number.</summary>
    Task<JournalOutcome> DeleteSnapshotsAsync(string persistenceId, long toSequenceNumber);

    /// <summary>Deletes the events up to and with this sequence number; the highest sequence number stays known.</summary>
    Task<JournalOutcome> DeleteEventsAsync(string persistenceId, long toSequenceNumber);

    /// <summary>
    /// Deletes all that is known of these persistence ids, sequence numbers too, and changes rows of projections in the same transaction.
    /// For ids that are never used again.
    /// </summary>
    Task<JournalOutcome> ForgetAsync(IReadOnlyList<string> persistenceIds, IReadOnlyList<ProjectionChange> projections);

    /// <summary>Events of all ids with an ordering above this one, in order, at most <paramref name="limit"/> of them.</summary>
    Task<JournalRead<FeedPage>> ReadFeedAsync(long afterOrdering, int limit);

    /// <summary>All rows of one projection, by id.</summary>
    Task<JournalRead<IReadOnlyList<ProjectionRow>>> ReadProjectionAsync(string projection);

    /// <summary>One value about the journal as a whole, or a null value.</summary>
    Task<JournalRead<string?>> ReadMetaAsync(string key);

    /// <summary>Keeps one value about the journal as a whole.</summary>
    Task<JournalOutcome> WriteMetaAsync(string key, string value);

    /// <summary>The value that is kept, or, where none is, this one, kept from now on.</summary>
    Task<JournalRead<string>> ReadOrAddMetaAsync(string key, string value);

    /// <summary>
    /// Raises a counter by 1, or to <paramref name="atLeast"/> where that is more, and gives the new number: never the same one twice. A failure
    /// may have raised it.
    /// </summary>
    Task<JournalRead<long>> RaiseCounterAsync(string key, long atLeast);

    /// <summary>
    /// Calls <paramref name="committed"/> with the newest ordering after every commit that added events, on the journal's own thread, which it
    /// must not hold up; until disposed.
    /// </summary>
    IDisposable Watch(Action<long> committed);
}
