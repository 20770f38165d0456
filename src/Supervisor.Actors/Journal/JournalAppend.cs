namespace Supervisor.Actors.Journal;

/// <summary>One event as it is stored.</summary>
/// <param name="SequenceNumber">From 1 on, without gaps within a persistence id.</param>
/// <param name="Manifest">The stable name of its form, as in <c>session-started/1</c>.</param>
/// <param name="Payload">The event's JSON alone, UTF-8.</param>
public sealed record JournalEvent(long SequenceNumber, string Manifest, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What it can be found by, besides its persistence id.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}

/// <summary>Events to write together.</summary>
/// <param name="PersistenceId">Whose they are.</param>
/// <param name="WriterUuid">
/// Names the one that writes, anew in each life of it: a repeat is known by it, and a second writer is found out.
/// </param>
/// <param name="Events">One or more, with the sequence numbers that come next.</param>
public sealed record JournalAppend(string PersistenceId, string WriterUuid, IReadOnlyList<JournalEvent> Events)
{
    /// <summary>Rows changed in the same transaction.</summary>
    public IReadOnlyList<ProjectionChange> Projections { get; init; } = [];
}

/// <summary>A row that follows from events: kept beside them, so that a list needs no histories.</summary>
/// <param name="Projection">Which list, one of those that the journal was opened with.</param>
/// <param name="Id">The row's key.</param>
/// <param name="Json">Its content; null deletes the row.</param>
public sealed record ProjectionChange(string Projection, string Id, string? Json);

/// <summary>A row of a projection.</summary>
public sealed record ProjectionRow(string Id, string Json);
