using System.Collections.Concurrent;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>Sweeps against each other, against owners, and against being killed.</summary>
public sealed class SweepRaceTests : RetentionFixture
{
    [Fact]
    public void Of_200_sweeps_at_once_one_removes_each_session()
    {
        const int count = 60;
        for (int i = 0; i < count; i++)
        {
            AddExpired($"s{i}");
        }

        ConcurrentBag<int> removed = [];
        Eventually.Together(Enumerable.Range(0, 200).Select(i => (Action)(() =>
            removed.Add(new RetentionSweep(State.Root, Clock).Run(i % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(1)).Removed))));
        Assert.Equal(count, removed.Sum());
        Assert.Empty(Directory.EnumerateDirectories(State.Root.Sessions));
        Assert.Equal(count, History().Select(e => e.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(count, History().Count);

        // Whatever line a crowd kept from being written, emptying the trash writes.
        Assert.Equal(0, new Trash(State.Root, Clock).Empty().LeftEntries);
        Assert.Equal(count, File.ReadAllLines(HistoryPath).Select(l => l[..60]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(count, File.ReadAllLines(HistoryPath).Length);
        Assert.Equal(count, Log().Count(l => l.EndsWith("removed expired", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_owner_that_takes_its_lock_again_is_never_swept()
    {
        const int rounds = 300;
        int kept = 0;
        for (int round = 0; round < rounds; round++)
        {
            string id = $"s{round}";
            AddExpired(id);
            bool owns = false;
            int fd = -1;
            Eventually.Together(() => owns = TakeAgain(id, out fd), () => Sweep(), () => Sweep());
            Assert.Equal(owns, IsStored(id));
            kept += owns ? 1 : 0;
            Libc.close(fd);
            Sweep();
            Assert.False(IsStored(id));
        }

        Assert.Equal(rounds, History().Count);
        Assert.InRange(kept, 1, rounds);
    }

    /// <summary>As an owner takes it: byte 1, then byte 0, then the look whether the path is still the locked file.</summary>
    private bool TakeAgain(string id, out int fd)
    {
        string path = Path.Combine(State.Session(id), Artifact.Lock);
        fd = Io.Open(path, Libc.O_RDWR);
        if (fd < 0)
        {
            return false;
        }

        while (!OfdLock.TryTake(fd, Artifact.ChangeByte))
        {
            Thread.Yield();
        }

        bool taken = OfdLock.TryTake(fd, Artifact.OwnerByte)
            && Io.Stat(fd, out StatX mine) && Io.StatAt(Libc.AT_FDCWD, path, followLink: false, out StatX there) && mine.Inode == there.Inode;
        OfdLock.Release(fd, Artifact.ChangeByte);
        return taken;
    }

    [Fact]
    public void An_owner_whose_folder_was_moved_away_does_not_begin()
    {
        // Between its mkdir and its lock, a sweep that thinks a day has passed takes the folder.
        using ManualResetEventSlim stop = new();
        Clock.Now = DateTime.UtcNow.AddDays(3);
        Thread sweeper = new(() =>
        {
            while (!stop.IsSet)
            {
                Sweep();
            }
        });
        Directory.CreateDirectory(State.Root.Sessions);
        sweeper.Start();
        for (int i = 0; i < 300; i++)
        {
            string id = $"s{i}";
            try
            {
                using OwnedFolder? folder = OwnedFolder.Create(State.Root, TestState.Id(id));
                Assert.True(folder is null || IsStored(id), id);
            }
            catch (IOException)
            {
                // It was moved away, and said so.
            }
        }

        stop.Set();
        sweeper.Join();
    }

    [Fact]
    public void Killed_between_the_move_and_the_line_nothing_is_lost_and_nothing_doubled()
    {
        AddEnded("a", TimeSpan.FromHours(2), TimeSpan.FromHours(1), m => m with { Name = "web" }, exitCode: 7);
        Directory.CreateDirectory(Trash);
        Directory.Move(State.Session("a"), Path.Combine(Trash, "a~token001"));

        // The line is not there, the session is: in the history, and found.
        Assert.Equal(("a", "web", 7), History().Select(e => (e.Id, e.Name, e.ExitCode)).Single());
        Assert.Equal("a", new SessionHistory(State.Root, Clock).Find("web")?.Id);
        Assert.False(File.Exists(HistoryPath));
        Assert.Equal(0, new Trash(State.Root, Clock).Empty().LeftEntries);
        Assert.Equal(("a", 7), History().Select(e => (e.Id, e.ExitCode)).Single());
        Assert.Single(File.ReadAllLines(HistoryPath));
    }

    [Fact]
    public void Killed_between_the_line_and_its_mark_nothing_is_doubled()
    {
        AddExpired("a");
        Sweep();
        string told = Directory.EnumerateDirectories(Trash).Single();
        Directory.Move(told, told[..^1]);
        Assert.Single(History());
        new Trash(State.Root, Clock).Empty();
        Assert.Single(File.ReadAllLines(HistoryPath));
        Assert.Single(History());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
    }

    [Fact]
    public void What_a_sweep_is_about_to_tell_of_is_not_deleted()
    {
        AddExpired("a");
        Directory.CreateDirectory(Trash);
        string untold = Path.Combine(Trash, "a~token001");
        Directory.Move(State.Session("a"), untold);
        int fd = Io.Open(Path.Combine(untold, Artifact.Lock), Libc.O_RDWR);
        Assert.True(OfdLock.TryTake(fd, Artifact.ChangeByte));
        Assert.Equal(1, new Trash(State.Root, Clock).Empty().LeftEntries);
        Assert.True(File.Exists(Path.Combine(untold, Artifact.Meta)));
        Libc.close(fd);
        Assert.Equal(0, new Trash(State.Root, Clock).Empty().LeftEntries);
        Assert.Single(History());
    }

    [Fact]
    public void A_writer_of_the_history_that_stands_still_holds_no_sweep()
    {
        AddExpired("a");
        File.WriteAllText(HistoryPath, "");
        int fd = Io.Open(HistoryPath, Libc.O_RDWR);
        Assert.True(OfdLock.TryTake(fd, 0));
        Assert.Equal(1, new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromMinutes(1)).Removed);
        Assert.Equal("a", Assert.Single(History()).Id);
        Libc.close(fd);
        new Trash(State.Root, Clock).Empty();
        Assert.Equal("a", Assert.Single(History()).Id);
        Assert.Single(File.ReadAllLines(HistoryPath));
    }

    [Fact]
    public void Many_may_empty_the_trash_at_once_and_no_line_is_doubled()
    {
        Directory.CreateDirectory(Trash);
        for (int i = 0; i < 30; i++)
        {
            AddExpired($"s{i}");
            Directory.Move(State.Session($"s{i}"), Path.Combine(Trash, $"s{i}~token{i}"));
        }

        Eventually.Together(Enumerable.Range(0, 8).Select(_ => (Action)(() => new Trash(State.Root, Clock).Empty())));
        Assert.Equal(30, File.ReadAllLines(HistoryPath).Length);
        Assert.Equal(30, History().Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
    }

    [Fact]
    public void A_reader_goes_on_with_what_it_has_open()
    {
        AddExpired("a");
        byte[] bytes = new byte[3 * 1024 * 1024];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(State.Session("a"), Artifact.Output), bytes);
        using SessionFiles files = State.Open("a");
        using FileStream output = files.OpenOutput()!;
        byte[] read = new byte[bytes.Length];
        output.ReadExactly(read, 0, 100_000);
        Assert.Equal(1, Sweep().Removed);
        output.ReadExactly(read, 100_000, 100_000);
        new Trash(State.Root, Clock).Empty();
        output.ReadExactly(read, 200_000, read.Length - 200_000);
        Assert.Equal(bytes, read);
        Assert.Equal(0, files.ReadFloor());
        Assert.Null(files.ReadMeta());
    }
}
