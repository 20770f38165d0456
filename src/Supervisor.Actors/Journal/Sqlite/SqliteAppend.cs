using System.Runtime.InteropServices;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>Writes events and rows of projections, inside the writer's transaction.</summary>
internal static class SqliteAppend
{
    /// <summary>
    /// Names the form of <c>message</c>, JSON alone, where Akka.Persistence names its serializers; above 40, which are Akka's own.
    /// </summary>
    public const int SerializerId = 7301;

    /// <summary>The key in <c>sup_meta</c> of how often an append was asked for again that was there already.</summary>
    private const string RepeatedKey = "appends_repeated";

    public static AppendResult Run(SqliteSession session, JournalAppend append)
    {
        if (append.Projections.FirstOrDefault(change => !session.HasProjection(change.Projection)) is { } unknown)
        {
            return new AppendResult(JournalStatus.Failed, $"there is no projection {unknown.Projection}");
        }

        long highest = Highest(session, append.PersistenceId);
        long first = append.Events[0].SequenceNumber;
        if (first <= highest)
        {
            return Repeated(session, append);
        }

        if (first != highest + 1)
        {
            // Events may all be deleted while a snapshot, with their numbers, remains.
            highest = Math.Max(highest, session.Number("SELECT max(sequence_number) FROM snapshot WHERE persistence_id = $1", append.PersistenceId));
            if (first != highest + 1)
            {
                return new AppendResult(JournalStatus.Conflict, $"{append.PersistenceId} goes on with {highest + 1}, not with {first}");
            }
        }

        object created = session.Options.Time.GetUtcNow().UtcTicks;
        foreach (JournalEvent one in append.Events)
        {
            Insert(session, append, one, created);
        }

        Project(session, append.Projections);
        return new AppendResult(JournalStatus.Written, null, session.Appended);
    }

    public static long Highest(SqliteSession session, string persistenceId) =>
        session.Number("SELECT max(sequence_number) FROM journal WHERE persistence_id = $1", persistenceId);

    /// <summary>Changes rows of projections that were checked to exist.</summary>
    public static void Project(SqliteSession session, IReadOnlyList<ProjectionChange> changes)
    {
        foreach (ProjectionChange change in changes)
        {
            string table = SqliteSchema.TableOf(change.Projection);
            if (change.Json is { } json)
            {
                session.Run($"INSERT INTO {table} (id, json) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET json = excluded.json", change.Id, json);
            }
            else
            {
                session.Run($"DELETE FROM {table} WHERE id = $1", change.Id);
            }
        }
    }

    /// <summary>The bytes as an array, without a copy where they are one.</summary>
    public static byte[] Bytes(ReadOnlyMemory<byte> payload) =>
        MemoryMarshal.TryGetArray(payload, out ArraySegment<byte> segment) && segment.Array is { } whole && segment.Count == whole.Length
            ? whole
            : payload.ToArray();

    private static void Insert(SqliteSession session, JournalAppend append, JournalEvent one, object created)
    {
        session.Run(
            "INSERT INTO journal (deleted, persistence_id, sequence_number, created, message, identifier, manifest, writer_uuid) "
            + "VALUES (0, $1, $2, $3, $4, $5, $6, $7)",
            append.PersistenceId,
            one.SequenceNumber,
            created,
            Bytes(one.Payload),
            SerializerId,
            one.Manifest,
            append.WriterUuid);
        session.Appended = session.LastRowId;
        foreach (string tag in one.Tags)
        {
            session.Run(
                "INSERT OR IGNORE INTO tags (ordering_id, tag, sequence_nr, persistence_id) VALUES ($1, $2, $3, $4)",
                session.Appended,
                tag,
                one.SequenceNumber,
                append.PersistenceId);
        }
    }

    /// <summary>The numbers are taken: by this very append, whose answer was lost, or by another writer.</summary>
    private static AppendResult Repeated(SqliteSession session, JournalAppend append)
    {
        long ordering = 0;
        foreach (JournalEvent one in append.Events)
        {
            ordering = session.Number(
                "SELECT ordering FROM journal WHERE persistence_id = $1 AND sequence_number = $2 AND writer_uuid = $3 AND manifest = $4 AND message = $5",
                append.PersistenceId,
                one.SequenceNumber,
                append.WriterUuid,
                one.Manifest,
                Bytes(one.Payload));
            if (ordering == 0)
            {
                return new AppendResult(JournalStatus.Conflict, $"{append.PersistenceId} {one.SequenceNumber} was written by another, or differently");
            }
        }

        // It may be that only its sync failed. Something is changed again, so that this commit has one, which covers all of the file.
        session.Run(
            "INSERT INTO sup_meta (key, value) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1", RepeatedKey);
        return new AppendResult(JournalStatus.Written, null, ordering);
    }
}
