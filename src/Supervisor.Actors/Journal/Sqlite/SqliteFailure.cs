using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>What SQLite's result codes mean here: https://www.sqlite.org/rescode.html.</summary>
internal static class SqliteFailure
{
    public static string Explain(SqliteException e) => e.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_READONLY => "the journal cannot be written to",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another process holds the journal",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "the journal is damaged",
        raw.SQLITE_CANTOPEN => "the journal cannot be opened",
        raw.SQLITE_PERM or raw.SQLITE_AUTH => "the journal may not be used",
        raw.SQLITE_TOOBIG => "the event is too large",
        raw.SQLITE_NOMEM => "there is not enough memory",
        raw.SQLITE_IOERR => $"input or output failed (SQLite {e.SqliteExtendedErrorCode})",
        _ => $"SQLite {e.SqliteExtendedErrorCode}",
    };

    /// <summary>
    /// A COMMIT that failed so did not write its last frame, or nothing at all. Any other failure, of a sync above all, leaves open what is on the
    /// disk.
    /// </summary>
    public static bool IsCertainlyNotCommitted(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_BUSY or raw.SQLITE_READONLY or raw.SQLITE_CONSTRAINT;

    /// <summary>The connection cannot be trusted to know the file any more.</summary>
    public static bool NeedsNewConnection(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM;
}
