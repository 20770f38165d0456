using Microsoft.Data.Sqlite;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>What is read, inside the writer's queue.</summary>
internal static class SqliteReading
{
    private const string Columns = "ordering, persistence_id, sequence_number, manifest, message, created";

    public static ReplayPage Replay(SqliteSession session, string persistenceId, long from, int limit)
    {
        List<JournalRow> rows = session.Rows(
            $"SELECT {Columns} FROM journal WHERE persistence_id = $1 AND sequence_number >= $2 AND deleted = 0 ORDER BY sequence_number LIMIT $3",
            Row,
            persistenceId,
            from,
            limit);
        return new ReplayPage(rows, SqliteAppend.Highest(session, persistenceId));
    }

    public static FeedPage Feed(SqliteSession session, long after, int limit)
    {
        List<JournalRow> rows = session.Rows(
            $"SELECT {Columns} FROM journal WHERE ordering > $1 AND deleted = 0 ORDER BY ordering LIMIT $2", Row, after, limit);
        return new FeedPage(
            rows,
            session.Number("SELECT ordering FROM journal WHERE deleted = 0 ORDER BY ordering LIMIT 1"),
            session.Number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'"),
            session.Number("SELECT CAST(value AS INTEGER) FROM sup_meta WHERE key = $1", SqliteDeleting.DeletedThrough));
    }

    public static JournalSnapshot? Snapshot(SqliteSession session, string persistenceId) => session.Rows(
        "SELECT sequence_number, manifest, snapshot, created FROM snapshot WHERE persistence_id = $1 ORDER BY sequence_number DESC LIMIT 1",
        row => new JournalSnapshot(persistenceId, row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2), Time(row.GetInt64(3))),
        persistenceId).SingleOrDefault();

    public static IReadOnlyList<ProjectionRow> Projection(SqliteSession session, string projection) => session.Rows(
        $"SELECT id, json FROM {SqliteSchema.TableOf(projection)} ORDER BY id", row => new ProjectionRow(row.GetString(0), row.GetString(1)));

    public static string? Meta(SqliteSession session, string key) =>
        (string?)session.Scalar("SELECT value FROM sup_meta WHERE key = $1", key);

    private static JournalRow Row(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.GetFieldValue<byte[]>(4), Time(row.GetInt64(5)));

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
