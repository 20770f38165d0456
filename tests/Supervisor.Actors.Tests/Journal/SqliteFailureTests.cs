using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Journal.Sqlite;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>The file when the disk, another process or a kill is in its way. The explicit tests are other processes of the tests beside them.</summary>
public sealed class SqliteFailureTests : IDisposable
{
    private const string Folder = "SUP_TEST_JOURNAL_FOLDER";

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("journal.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(19)]
    public async Task A_disk_that_has_no_room_for_one_append_fails_that_one_alone(int large)
    {
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(Path) { MaxPages = 40 });

        // The writer is kept in its callback meanwhile, so that all of them are one transaction.
        using ManualResetEventSlim asked = new();
        using IDisposable watch = journal.Watch(_ => Assert.True(asked.Wait(Probe.Deadline)));
        Task<AppendResult> first = journal.AppendAsync(Event("first", 1));
        Assert.True((await first).IsWritten);
        Task<AppendResult>[] appends = [.. Enumerable.Range(0, 20).Select(i => journal.AppendAsync(Event($"p{i}", 1, i == large ? 400_000 : 100)))];
        asked.Set();
        AppendResult[] results = await Task.WhenAll(appends);
        for (int i = 0; i < results.Length; i++)
        {
            Assert.Equal(i == large ? (JournalStatus.Failed, "the disk is full") : (JournalStatus.Written, null), (results[i].Status, results[i].Reason));
            Assert.Equal(i == large ? 0 : 1, (await journal.HighestSequenceNumberAsync($"p{i}")).Value);
        }
    }

    [Fact]
    public async Task A_journal_that_another_process_holds_fails_and_works_again_afterwards()
    {
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(Path) { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        using (SqliteConnection other = new($"Data Source={Path};Pooling=False"))
        {
            other.Open();
            Run(other, "BEGIN IMMEDIATE");
            AppendResult held = await journal.AppendAsync(Event("a", 1));
            Assert.Equal((JournalStatus.Failed, "another process holds the journal"), (held.Status, held.Reason));
            Run(other, "ROLLBACK");
        }

        Assert.True((await journal.AppendAsync(Event("a", 1))).IsWritten);
    }

    [Fact]
    public async Task Two_processes_that_append_to_one_history_never_both_succeed_with_a_number()
    {
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(Path));
        using Process first = Start(nameof(Child_appends_in_competition));
        using Process second = Start(nameof(Child_appends_in_competition));
        await EndAsync(first);
        await EndAsync(second);
        long written = Directory.GetFiles(_folder.Path, "written-*").Sum(file => long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture));
        ReplayPage page = (await journal.ReplayAsync("shared", 1, 10_000)).Value;
        Assert.Equal(600, written);
        Assert.Equal(Enumerable.Range(1, 600).Select(i => (long)i), page.Events.Select(row => row.SequenceNumber));
        Assert.Equal(2, page.Events.Select(row => Encoding.UTF8.GetString(row.Payload.Span)).Distinct().Count());
    }

    [Fact]
    public async Task After_a_kill_everything_that_was_answered_is_there_and_nothing_is_torn()
    {
        for (int round = 0; round < 5; round++)
        {
            File.Delete(_folder.File("acked"));
            using Process child = Start(nameof(Child_appends_until_killed));
            using CancellationTokenSource deadline = new(Probe.Deadline);
            while (!File.Exists(_folder.File("acked")) || new FileInfo(_folder.File("acked")).Length < 300 + (97 * round))
            {
                await Task.Delay(1, deadline.Token);
            }

            child.Kill();
            await child.WaitForExitAsync(deadline.Token);
            await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(Path));
            Dictionary<string, long> acked = [];
            foreach (string[] line in File.ReadAllText(_folder.File("acked")).Split('\n')[..^1].Select(line => line.Split(' ')))
            {
                acked[line[0]] = long.Parse(line[1], CultureInfo.InvariantCulture);
            }

            Assert.NotEmpty(acked);
            foreach ((string id, long number) in acked)
            {
                ReplayPage page = (await journal.ReplayAsync(id, 1, 100_000)).Value;

                // Each event is one of a pair written together.
                Assert.InRange(page.HighestSequenceNumber, number, number + 2);
                Assert.Equal(0, page.HighestSequenceNumber % 2);
                Assert.Equal(page.HighestSequenceNumber, page.Events.Count);
            }
        }
    }

    [Fact]
    public async Task A_full_disk_and_a_read_only_one_fail_appends_and_lose_nothing_that_was_answered()
    {
        string mount = _folder.File("disk");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(await CanMountAsync(mount), "this user may not mount a file system in a namespace of its own");
        using Process child = Start(
            nameof(Child_fills_its_disk), "unshare", "-Urm", "sh", "-c", "mount -t tmpfs -o size=1m,mode=700 tmpfs \"$0\" && exec \"$@\"", mount);
        await EndAsync(child);
    }

    [Fact]
    public async Task A_commit_whose_sync_failed_is_unknown_and_asking_again_writes_it_once()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not here");
        using Process child = Start(
            nameof(Child_meets_a_failing_sync), "strace", "-f", "-qq", "-o", _folder.File("trace"), "-P", _folder.File("journal.db-wal"),
            "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=3");
        await EndAsync(child);
    }

    [Fact(Explicit = true)]
    public async Task Child_meets_a_failing_sync()
    {
        string path = System.IO.Path.Combine(Environment.GetEnvironmentVariable(Folder)!, "journal.db");
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(path));
        List<JournalStatus> seen = [];
        for (int i = 1; i <= 6; i++)
        {
            AppendResult result = await journal.AppendAsync(Event("a", i));
            seen.Add(result.Status);
            if (!result.IsWritten)
            {
                AppendResult again = await journal.AppendAsync(Event("a", i));
                Assert.True(again.IsWritten, again.Reason);
            }
        }

        Assert.Equal(JournalStatus.Unknown, Assert.Single(seen, status => status != JournalStatus.Written));
        Assert.Equal([1L, 2, 3, 4, 5, 6], (await journal.ReplayAsync("a", 1, 10)).Value.Events.Select(row => row.SequenceNumber));
    }

    [Fact(Explicit = true)]
    public async Task Child_appends_in_competition()
    {
        string folder = Environment.GetEnvironmentVariable(Folder)!;
        string writer = Guid.NewGuid().ToString("N");
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(System.IO.Path.Combine(folder, "journal.db")));
        int written = 0;
        while (written < 300)
        {
            long next = (await journal.HighestSequenceNumberAsync("shared")).Value + 1;
            AppendResult result = await journal.AppendAsync(
                new JournalAppend("shared", writer, [new JournalEvent(next, "tested/1", Encoding.UTF8.GetBytes($"{{\"w\":\"{writer}\"}}"))]));
            Assert.True(result.Status is JournalStatus.Written or JournalStatus.Conflict, result.Reason);
            written += result.IsWritten ? 1 : 0;
        }

        File.WriteAllText(System.IO.Path.Combine(folder, "written-" + writer), written.ToString(CultureInfo.InvariantCulture));
    }

    [Fact(Explicit = true)]
    public async Task Child_appends_until_killed()
    {
        string folder = Environment.GetEnvironmentVariable(Folder)!;
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(System.IO.Path.Combine(folder, "journal.db")));
        await using FileStream acked = new(System.IO.Path.Combine(folder, "acked"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            string id = $"{Environment.ProcessId}-{i}";
            for (long number = 1; ; number += 2)
            {
                JournalEvent[] pair = [.. Event(id, number).Events, .. Event(id, number + 1).Events];
                AppendResult result = await journal.AppendAsync(new JournalAppend(id, "w", pair));
                Assert.True(result.IsWritten, result.Reason);
                lock (acked)
                {
                    acked.Write(Encoding.UTF8.GetBytes($"{id} {number + 1}\n"));
                }
            }
        }));
    }

    [Fact(Explicit = true)]
    public async Task Child_fills_its_disk()
    {
        string mount = System.IO.Path.Combine(Environment.GetEnvironmentVariable(Folder)!, "disk");
        string filler = System.IO.Path.Combine(mount, "filler");
        File.WriteAllBytes(filler, new byte[600_000]);
        await using SqliteJournal journal = await SqliteJournal.OpenAsync(new SqliteJournalOptions(System.IO.Path.Combine(mount, "journal.db")));
        int next = 1;
        AppendResult result;
        while ((result = await journal.AppendAsync(Event("a", next, 5_000))).IsWritten)
        {
            next++;
        }

        Assert.Equal((JournalStatus.Failed, "the disk is full"), (result.Status, result.Reason));
        Assert.True(next > 2);
        Assert.Equal(next - 1, (await journal.ReplayAsync("a", 1, 10_000)).Value.Events.Count);
        File.Delete(filler);
        Assert.True((await journal.AppendAsync(Event("a", next, 5_000))).IsWritten);

        // Nobody may have a file open for writing when a file system turns read-only: the daemon starts on such a one.
        await journal.DisposeAsync();
        using (Process remount = Process.Start("mount", ["-o", "remount,ro", mount]))
        {
            await remount.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, remount.ExitCode);
        }

        Supervisor.Protocol.Errors.SupException refused = await Assert.ThrowsAsync<Supervisor.Protocol.Errors.SupException>(
            () => SqliteJournal.OpenAsync(new SqliteJournalOptions(System.IO.Path.Combine(mount, "journal.db"))));
        Assert.Contains("journal.db", refused.Message);
        using (Process remount = Process.Start("mount", ["-o", "remount,rw", mount]))
        {
            await remount.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await using SqliteJournal again = await SqliteJournal.OpenAsync(new SqliteJournalOptions(System.IO.Path.Combine(mount, "journal.db")));
        Assert.Equal(next, (await again.ReplayAsync("a", 1, 10_000)).Value.Events.Count);
    }

    private static JournalAppend Event(string id, long number, int size = 10) =>
        new(id, "w", [new JournalEvent(number, "tested/1", Encoding.UTF8.GetBytes($"\"{new string('x', size)}\""))]);

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<bool> CanMountAsync(string mount)
    {
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["-Urm", "mount", "-t", "tmpfs", "tmpfs", mount]) { RedirectStandardError = true, UseShellExecute = false })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0;
    }

    /// <summary>Runs one of the explicit tests in a process of its own, through other programs where given.</summary>
    private Process Start(string test, params string[] through)
    {
        string[] command =
        [
            .. through, System.IO.Path.Combine(AppContext.BaseDirectory, "Supervisor.Actors.Tests"),
            "-explicit", "only", "-noColor", "-method", $"{typeof(SqliteFailureTests).FullName}.{test}",
        ];
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment[Folder] = _folder.Path;
        return Process.Start(start)!;
    }

    private static async Task EndAsync(Process child)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(120));
        Task<string> output = child.StandardOutput.ReadToEndAsync(deadline.Token);
        Task<string> errors = child.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await child.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill(entireProcessTree: true);
            throw;
        }

        string all = await output + await errors;
        Assert.True(child.ExitCode == 0 && all.Contains("Total: 1,", StringComparison.Ordinal), all);
    }
}
