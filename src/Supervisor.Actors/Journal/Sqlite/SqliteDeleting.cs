using System.Globalization;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>Takes events away, and remembers how far, so that a reader of the feed learns what it missed.</summary>
internal static class SqliteDeleting
{
    /// <summary>The key in <c>sup_meta</c> of the highest ordering of a deleted event.</summary>
    public const string DeletedThrough = "deleted-through";

    /// <summary>The last row of an id stays, marked deleted: it alone knows the highest sequence number.</summary>
    public static void Events(SqliteSession session, string persistenceId, long to)
    {
        Remember(
            session,
            session.Number("SELECT max(ordering) FROM journal WHERE persistence_id = $1 AND sequence_number <= $2 AND deleted = 0", persistenceId, to));
        session.Run("DELETE FROM tags WHERE persistence_id = $1 AND sequence_nr <= $2", persistenceId, to);
        session.Run("UPDATE journal SET deleted = 1 WHERE persistence_id = $1 AND sequence_number <= $2 AND deleted = 0", persistenceId, to);
        session.Run(
            "DELETE FROM journal WHERE persistence_id = $1 AND deleted = 1 "
            + "AND sequence_number < (SELECT max(sequence_number) FROM journal WHERE persistence_id = $1)",
            persistenceId);
    }

    public static void Forget(SqliteSession session, IReadOnlyList<string> persistenceIds)
    {
        foreach (string id in persistenceIds)
        {
            Remember(session, session.Number("SELECT max(ordering) FROM journal WHERE persistence_id = $1 AND deleted = 0", id));
            session.Run("DELETE FROM tags WHERE persistence_id = $1", id);
            session.Run("DELETE FROM journal WHERE persistence_id = $1", id);
            session.Run("DELETE FROM snapshot WHERE persistence_id = $1", id);
        }
    }

    private static void Remember(SqliteSession session, long ordering)
    {
        long before = session.Number("SELECT CAST(value AS INTEGER) FROM sup_meta WHERE key = $1", DeletedThrough);
        if (ordering > before)
        {
            SetMeta(session, DeletedThrough, ordering.ToString(CultureInfo.InvariantCulture));
        }
    }

    public static void SetMeta(SqliteSession session, string key, string value) =>
        session.Run("INSERT INTO sup_meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value);
}
