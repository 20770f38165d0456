namespace Supervisor.Actors.Journal;

/// <summary>Everything stored of one persistence id, read back and checked to be whole.</summary>
/// <param name="Highest">The last sequence number in use; the next event follows it.</param>
internal sealed record RecoveredHistory(SnapshotOffer? Snapshot, IReadOnlyList<object> Events, long Highest)
{
    /// <summary>Reads it all, when its turn has come. Holds a place among the replays only as long as it reads.</summary>
    /// <exception cref="JournalException">The journal failed, or events are missing in between.</exception>
    /// <exception cref="EventFormatException">Something stored cannot be read.</exception>
    public static async Task<RecoveredHistory> LoadAsync(JournalAccess access, string persistenceId, CancellationToken cancellation)
    {
        await access.Replays.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await ReadAsync(access, persistenceId, cancellation).ConfigureAwait(false);
        }
        finally
        {
            access.Replays.Release();
        }
    }

    private static async Task<RecoveredHistory> ReadAsync(JournalAccess access, string persistenceId, CancellationToken cancellation)
    {
        JournalRead<JournalSnapshot?> stored = await access.Journal.LoadSnapshotAsync(persistenceId).WaitAsync(cancellation).ConfigureAwait(false);
        SnapshotOffer? offer = stored.Value is { } snapshot
            ? new SnapshotOffer(access.Events.Deserialize(snapshot.Manifest, snapshot.Payload.Span), snapshot.SequenceNumber, snapshot.Created)
            : null;
        long last = offer?.SequenceNr ?? 0;
        List<object> events = [];
        while (true)
        {
            JournalRead<ReplayPage> read = await access.Journal.ReplayAsync(persistenceId, last + 1, access.Settings.ReplayPage)
                .WaitAsync(cancellation).ConfigureAwait(false);
            ReplayPage page = read.Value;
            foreach (JournalRow row in page.Events)
            {
                if (row.SequenceNumber != last + 1)
                {
                    throw Missing(persistenceId, last + 1, row.SequenceNumber);
                }

                events.Add(access.Events.Deserialize(row.Manifest, row.Payload.Span));
                last = row.SequenceNumber;
            }

            if (last >= page.HighestSequenceNumber)
            {
                return new RecoveredHistory(offer, events, last);
            }

            if (page.Events.Count == 0)
            {
                throw Missing(persistenceId, last + 1, page.HighestSequenceNumber + 1);
            }
        }
    }

    private static JournalException Missing(string persistenceId, long expected, long found) =>
        new(new JournalOutcome(JournalStatus.Failed, $"events of {persistenceId} are missing: {expected} to {found - 1}"));
}
