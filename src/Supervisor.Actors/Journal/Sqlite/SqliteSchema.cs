using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>
/// The tables: those of Akka.Persistence.Sql's default mapping, so that its tools read them, and our own, whose names start with <c>sup_</c>.
/// </summary>
internal static partial class SqliteSchema
{
    // AUTOINCREMENT: without it, deleting the newest row gives its ordering away again.
    private const string Tables = """
        CREATE TABLE journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            deleted INTEGER NOT NULL,
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            created INTEGER NOT NULL,
            message BLOB NOT NULL,
            identifier INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            writer_uuid TEXT NOT NULL);
        CREATE UNIQUE INDEX journal_uq ON journal (persistence_id, sequence_number);
        CREATE TABLE tags (
            ordering_id INTEGER NOT NULL,
            tag TEXT NOT NULL,
            sequence_nr INTEGER NOT NULL,
            persistence_id TEXT NOT NULL,
            PRIMARY KEY (ordering_id, tag));
        CREATE INDEX tags_tag_idx ON tags (tag, ordering_id);
        CREATE INDEX tags_persistence_id_idx ON tags (persistence_id, sequence_nr);
        CREATE TABLE snapshot (
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            created INTEGER NOT NULL,
            snapshot BLOB NOT NULL,
            manifest TEXT NOT NULL,
            serializer_id INTEGER NOT NULL,
            PRIMARY KEY (persistence_id, sequence_number));
        CREATE TABLE sup_meta (
            key TEXT PRIMARY KEY NOT NULL,
            value TEXT NOT NULL) WITHOUT ROWID;
        """;

    public static string TableOf(string projection) => "sup_" + projection;

    /// <summary>Makes the tables that are missing, and sets what holds for this connection alone.</summary>
    public static void Ensure(SqliteConnection connection, SqliteJournalOptions options)
    {
        foreach (string projection in options.Projections)
        {
            if (!ProjectionForm().IsMatch(projection) || string.Equals(projection, "meta", StringComparison.Ordinal))
            {
                throw new ArgumentException($"not a projection's name: {projection}", nameof(options));
            }
        }

        // Some builds of SQLite have another default, and NORMAL may lose the last commits with the power.
        Run(connection, "PRAGMA synchronous = FULL");
        if (options.MaxPages is { } pages)
        {
            Run(connection, $"PRAGMA max_page_count = {pages}");
        }

        Run(connection, "BEGIN IMMEDIATE");
        try
        {
            if (SqliteFile.Number(connection, "PRAGMA application_id") == 0 && SqliteFile.Number(connection, "SELECT count(*) FROM sqlite_master") == 0)
            {
                Run(connection, $"PRAGMA application_id = {SqliteFile.ApplicationId}");
                Run(connection, $"PRAGMA user_version = {SqliteFile.Version}");
                Run(connection, Tables);
            }

            foreach (string projection in options.Projections)
            {
                Run(connection, $"CREATE TABLE IF NOT EXISTS {TableOf(projection)} (id TEXT PRIMARY KEY NOT NULL, json TEXT NOT NULL) WITHOUT ROWID");
            }

            Run(connection, "COMMIT");
        }
        catch (SqliteException)
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                Run(connection, "ROLLBACK");
            }

            throw;
        }

        Run(connection, "PRAGMA journal_mode = WAL");
    }

    /// <summary>Whether the tables of this form are there.</summary>
    public static void CheckTables(SqliteConnection connection, string path)
    {
        const string Count = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('journal', 'tags', 'snapshot', 'sup_meta')";
        if (SqliteFile.Number(connection, Count) != 4)
        {
            throw SqliteFile.Damaged(path);
        }
    }

    [GeneratedRegex(@"^[a-z][a-z_]{0,30}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProjectionForm();

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Our own constants, and names that were checked.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
