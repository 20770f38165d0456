using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Supervisor.Protocol.Errors;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>Opens the file: looks first, and writes only to what is certainly a journal that this version knows.</summary>
internal static class SqliteFile
{
    /// <summary>"sup" and a 1, in the header of the file: https://www.sqlite.org/fileformat.html, offset 68.</summary>
    public const int ApplicationId = 0x73757001;

    /// <summary>The form of the tables, at offset 60.</summary>
    public const int Version = 1;

    /// <summary>Beyond this size the file is not read through at each start; damage then shows when it is read.</summary>
    private const long CheckedThroughLimit = 32L * 1024 * 1024;

    private const int HeaderLength = 100;

    static SqliteFile() => Batteries_V2.Init();

    /// <exception cref="SupException">What is there is not for us to write to; it was not touched.</exception>
    /// <exception cref="SqliteException">It could not be opened, or made.</exception>
    /// <exception cref="IOException">As above.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static SqliteConnection Open(SqliteJournalOptions options)
    {
        if (!IsNew(options.Path))
        {
            CheckHeader(options.Path);
            CheckContent(options);
        }

        SqliteConnection connection = Connect(options, SqliteOpenMode.ReadWrite);
        try
        {
            SqliteSchema.Ensure(connection, options);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the file when there is none, for its owner alone. An empty file is what a start that was killed leaves.</summary>
    private static bool IsNew(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is not null)
        {
            throw Refused(path, "it is a link");
        }

        if (!file.Exists)
        {
            FileStreamOptions create = new()
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using FileStream created = new(path, create);
            return created.Length == 0;
        }

        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return (file.UnixFileMode & ~OwnerOnly) == UnixFileMode.None
            ? file.Length == 0
            : throw Refused(path, "others may read or change it", "chmod 600 it when it is yours");
    }

    /// <summary>Reads the header as bytes: opening a database can already change what lies beside it.</summary>
    private static void CheckHeader(string path)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        using (FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header.StartsWith("SQLite format 3\0"u8))
            {
                throw Refused(path, "it is no database");
            }
        }

        Check(path, BinaryPrimitives.ReadInt32BigEndian(header[68..]), BinaryPrimitives.ReadInt32BigEndian(header[60..]));
    }

    private static void CheckContent(SqliteJournalOptions options)
    {
        // A start that was killed while it made the tables left this beside the file; only a writer may put that right.
        if (File.Exists(options.Path + "-journal"))
        {
            return;
        }

        try
        {
            using SqliteConnection connection = Connect(options, SqliteOpenMode.ReadOnly);
            Check(options.Path, (int)Number(connection, "PRAGMA application_id"), (int)Number(connection, "PRAGMA user_version"));
            SqliteSchema.CheckTables(connection, options.Path);
            if (new FileInfo(options.Path).Length <= CheckedThroughLimit && !IsWhole(connection))
            {
                throw Damaged(options.Path);
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
        {
            throw Damaged(options.Path, e);
        }
    }

    public static SupException Refused(string path, string why, string hint = "move it away; sessions are then known from their folders") =>
        new(ErrorCode.UnsafeState, ExitCode.Failure, $"journal {path}: {why}", hint);

    public static SupException Damaged(string path, Exception? inner = null) =>
        new(ErrorCode.UnsafeState, ExitCode.Failure, $"journal {path}: it is damaged", "move it away; sessions are then known from their folders", inner);

    public static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Our own constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static void Check(string path, int applicationId, int version)
    {
        if (applicationId != ApplicationId)
        {
            throw Refused(path, "it is a database of another program");
        }

        if (version > Version)
        {
            throw new SupException(
                ErrorCode.VersionSkew,
                ExitCode.Failure,
                $"journal {path}: it was written by a newer version (form {version}, known here up to {Version})",
                "start that version, or move the journal away; sessions are then known from their folders");
        }

        if (version < 1)
        {
            throw Refused(path, $"form {version} does not exist");
        }
    }

    private static bool IsWhole(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() is "ok";
    }

    private static SqliteConnection Connect(SqliteJournalOptions options, SqliteOpenMode mode)
    {
        SqliteConnectionStringBuilder text = new()
        {
            DataSource = options.Path,
            Mode = mode,
            Pooling = false,

            // The library's own wait, in seconds, after SQLite's: the shortest there is (0 means for ever).
            DefaultTimeout = 1,
        };
        SqliteConnection connection = new(text.ToString());
        try
        {
            connection.Open();
            int rc = raw.sqlite3_busy_timeout(connection.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            SqliteException.ThrowExceptionForRC(rc, connection.Handle);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
