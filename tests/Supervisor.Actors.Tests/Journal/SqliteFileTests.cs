using System.Buffers.Binary;
using System.Text;
using Microsoft.Data.Sqlite;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Journal.Sqlite;
using Supervisor.Protocol.Errors;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>The file of a journal: how it is made, and what is refused without being touched.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("journal.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_journal_has_the_layout_and_the_settings_that_are_promised()
    {
        await using SqliteJournal journal = await OpenAsync();
        await AppendAsync(journal, 1);
        using SqliteConnection other = Connect(SqliteOpenMode.ReadOnly);
        Assert.Equal(0x73757001L, Value(other, "PRAGMA application_id"));
        Assert.Equal(1L, Value(other, "PRAGMA user_version"));
        Assert.Equal("wal", Value(other, "PRAGMA journal_mode"));
        Assert.Equal(
            "deleted,persistence_id,sequence_number,created,message,identifier,manifest,writer_uuid,ordering",
            Value(other, "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('journal') ORDER BY name = 'ordering', cid)"));
        Assert.Equal("ordering_id,tag,sequence_nr,persistence_id", Value(other, "SELECT group_concat(name) FROM pragma_table_info('tags')"));
        Assert.Equal(
            "persistence_id,sequence_number,created,snapshot,manifest,serializer_id", Value(other, "SELECT group_concat(name) FROM pragma_table_info('snapshot')"));
        Assert.Equal(1L, Value(other, "SELECT \"unique\" FROM pragma_index_list('journal') WHERE name = 'journal_uq'"));
        Assert.Equal("{\"n\":1}|7301|tested/1|w|0|first", Value(other, """
            SELECT CAST(message AS TEXT) || '|' || identifier || '|' || manifest || '|' || writer_uuid || '|' || deleted || '|' || tag
            FROM journal JOIN tags ON ordering_id = ordering
            """));
        long created = (long)Value(other, "SELECT created FROM journal")!;
        Assert.InRange(new DateTimeOffset(created, TimeSpan.Zero), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public void The_writer_syncs_every_commit()
    {
        using SqliteConnection connection = SqliteFile.Open(new SqliteJournalOptions(Path));
        Assert.Equal(2L, Value(connection, "PRAGMA synchronous"));
        Assert.True((long)Value(connection, "PRAGMA busy_timeout")! >= 1000);
    }

    [Fact]
    public async Task All_its_files_are_for_their_owner_alone()
    {
        await using SqliteJournal journal = await OpenAsync();
        await AppendAsync(journal, 1);
        Assert.Equal(["journal.db", "journal.db-shm", "journal.db-wal"], Directory.GetFiles(_folder.Path).Select(System.IO.Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(Directory.GetFiles(_folder.Path).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)).Sum(file => new FileInfo(file).Length), journal.SizeInBytes);
    }

    [Fact]
    public async Task A_journal_is_found_again_with_all_that_was_in_it()
    {
        await using (SqliteJournal journal = await OpenAsync())
        {
            await AppendAsync(journal, 1, 2, 3);
            await journal.WriteMetaAsync("node", "n1");
        }

        Assert.Equal(["journal.db"], Directory.GetFiles(_folder.Path).Select(System.IO.Path.GetFileName));
        await using SqliteJournal again = await OpenAsync("sessions", "added");
        Assert.Equal(3, (await again.HighestSequenceNumberAsync("a")).Value);
        Assert.Equal("n1", (await again.ReadMetaAsync("node")).Value);
        Assert.Empty((await again.ReadProjectionAsync("added")).Value);
    }

    [Fact]
    public async Task An_empty_file_as_a_killed_start_leaves_it_becomes_a_journal()
    {
        File.WriteAllBytes(Path, []);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using SqliteJournal journal = await OpenAsync();
        await AppendAsync(journal, 1);
    }

    [Fact]
    public async Task A_newer_version_is_refused()
    {
        await MakeAsync(bytes => BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(60), 2));
        SupException refused = await RefusedAsync();
        Assert.Equal(ErrorCode.VersionSkew, refused.Code);
        Assert.Contains("newer version", refused.Message);
        Assert.NotNull(refused.Hint);
    }

    [Fact]
    public async Task A_newer_version_that_is_still_in_the_log_is_refused()
    {
        await using (SqliteJournal journal = await OpenAsync())
        {
            await AppendAsync(journal, 1);
        }

        // Held open by a reader, so that the log is not taken into the file.
        using SqliteConnection reader = Connect(SqliteOpenMode.ReadOnly);
        Value(reader, "BEGIN; SELECT count(*) FROM journal");
        using (SqliteConnection newer = Connect(SqliteOpenMode.ReadWrite))
        {
            Value(newer, "PRAGMA user_version = 2");
        }

        Assert.Equal(ErrorCode.VersionSkew, (await Assert.ThrowsAsync<SupException>(() => OpenAsync())).Code);
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        using (SqliteConnection other = Connect(SqliteOpenMode.ReadWriteCreate))
        {
            Value(other, "CREATE TABLE journal (x)");
        }

        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Contains("another program", (await RefusedAsync()).Message);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("SQLite format 3\0")]
    [InlineData("not a database, but long enough to be one: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789")]
    public async Task A_file_that_is_no_database_is_refused(string content)
    {
        File.WriteAllText(Path, content);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Contains("no database", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_damaged_page_is_refused()
    {
        await MakeAsync(bytes => bytes.AsSpan(8192, 8000).Fill(0xA5));
        Assert.Contains("damaged", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_file_that_was_cut_is_refused()
    {
        await MakeAsync();
        byte[] bytes = File.ReadAllBytes(Path);
        File.WriteAllBytes(Path, bytes[..(bytes.Length / 2)]);
        Assert.Contains("damaged", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_journal_without_its_tables_is_refused()
    {
        await MakeAsync();
        using (SqliteConnection other = Connect(SqliteOpenMode.ReadWrite))
        {
            Value(other, "DROP TABLE snapshot");
        }

        Assert.Contains("damaged", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_file_that_others_may_read_is_refused()
    {
        await MakeAsync();
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("others", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_link_is_refused()
    {
        await MakeAsync();
        File.Move(Path, _folder.File("elsewhere"));
        File.CreateSymbolicLink(Path, _folder.File("elsewhere"));
        Assert.Contains("link", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_an_error_with_the_path() => Assert.Contains(
        "/missing/journal.db",
        (await Assert.ThrowsAsync<SupException>(() => SqliteJournal.OpenAsync(new SqliteJournalOptions(_folder.File("missing/journal.db"))))).Message);

    [Fact]
    public async Task Damage_that_shows_later_fails_what_needs_it_and_nothing_is_written_any_more()
    {
        await using SqliteJournal journal = await OpenAsync();

        // More than SQLite keeps in memory.
        await Task.WhenAll(Enumerable.Range(1, 2000).Select(number => journal.AppendAsync(One(number, new string('x', 3000)))));
        using (SqliteConnection other = Connect(SqliteOpenMode.ReadWrite))
        {
            Value(other, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using (FileStream file = new(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            byte[] rubbish = new byte[file.Length - 8192];
            Array.Fill(rubbish, (byte)0xA5);
            file.Position = 8192;
            file.Write(rubbish);
        }

        byte[] damaged = File.ReadAllBytes(Path);
        Assert.Equal("the journal is damaged", (await journal.ReadFeedAsync(0, 5000)).Failure);
        AppendResult appended = await journal.AppendAsync(One(2001));
        Assert.Equal(JournalStatus.Failed, appended.Status);
        Assert.Contains("damaged", appended.Reason);
        Assert.Equal(damaged, File.ReadAllBytes(Path));
    }

    private static JournalAppend One(int number, string more = "") =>
        new("a", "w", [new JournalEvent(number, "tested/1", Encoding.UTF8.GetBytes($"{{\"n\":{number}{more}}}")) { Tags = number == 1 ? ["first"] : [] }]);

    private static async Task AppendAsync(SqliteJournal journal, params int[] numbers)
    {
        foreach (AppendResult result in await Task.WhenAll(numbers.Select(number => journal.AppendAsync(One(number)))))
        {
            Assert.True(result.IsWritten, result.Reason);
        }
    }

    private static object? Value(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private Task<SqliteJournal> OpenAsync(params string[] projections) =>
        SqliteJournal.OpenAsync(new SqliteJournalOptions(Path) { Projections = projections.Length == 0 ? ["sessions"] : [.. projections] });

    private SqliteConnection Connect(SqliteOpenMode mode)
    {
        SQLitePCL.Batteries_V2.Init();
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    /// <summary>A journal of some pages, closed, and then changed.</summary>
    private async Task MakeAsync(Action<byte[]>? change = null)
    {
        await using (SqliteJournal journal = await OpenAsync())
        {
            await AppendAsync(journal, [.. Enumerable.Range(1, 200)]);
        }

        if (change is not null)
        {
            byte[] bytes = File.ReadAllBytes(Path);
            change(bytes);
            File.WriteAllBytes(Path, bytes);
        }
    }

    private async Task<SupException> RefusedAsync()
    {
        byte[] before = File.ReadAllBytes(Path);
        DateTime written = File.GetLastWriteTimeUtc(Path);
        SupException refused = await Assert.ThrowsAsync<SupException>(() => OpenAsync());
        Assert.Equal(before, File.ReadAllBytes(Path));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path));
        Assert.Contains(Path, refused.Message);
        return refused;
    }
}
