using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>Sweeps among things that are not as they should be.</summary>
public sealed class HostileSweepTests : RetentionFixture
{
    [Fact]
    public void What_is_no_session_is_neither_touched_nor_followed()
    {
        AddExpired("real");
        string outside = Directory.CreateDirectory(Path.Combine(State.Folder, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "meta.json"), "{}");
        Directory.SetLastWriteTimeUtc(outside, Now.AddYears(-1));
        Directory.CreateSymbolicLink(State.Session("link"), outside);
        File.CreateSymbolicLink(State.Session("dangling"), "/nonexistent/x");
        File.WriteAllText(State.Session("file"), "x");
        Posix.MakeFifo(State.Session("fifo"));
        foreach (string name in new[] { "with space", ".hidden", "-dash", "a..b", "new\nline", new string('n', 200) })
        {
            Directory.CreateDirectory(Path.Combine(State.Root.Sessions, name));
            Directory.SetLastWriteTimeUtc(Path.Combine(State.Root.Sessions, name), Now.AddYears(-1));
        }

        int before = Directory.EnumerateFileSystemEntries(State.Root.Sessions).Count();
        Assert.Equal(new SweepResult(1, 1), Sweep());
        Assert.Equal(before - 1, Directory.EnumerateFileSystemEntries(State.Root.Sessions).Count());
        Assert.True(File.Exists(Path.Combine(outside, "meta.json")));
    }

    [Fact]
    public void Files_that_are_links_or_pipes_make_a_session_unreadable_and_hold_nobody()
    {
        string secret = Path.Combine(State.Folder, "secret");
        AddExpired("real");
        File.Copy(Path.Combine(State.Session("real"), Artifact.Meta), secret);
        foreach (string id in new[] { "link", "fifo", "folder" })
        {
            AddExpired(id);
            File.Delete(Path.Combine(State.Session(id), Artifact.Meta));
        }

        File.CreateSymbolicLink(Path.Combine(State.Session("link"), Artifact.Meta), secret);
        Posix.MakeFifo(Path.Combine(State.Session("fifo"), Artifact.Meta));
        Directory.CreateDirectory(Path.Combine(State.Session("folder"), Artifact.Meta));
        Assert.Equal(new SweepResult(4, 1), Eventually.Returns(Sweep, "the sweep"));
        Assert.Equal(3, Log().Count(l => l.EndsWith("unreadable_not_expired", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_folder_that_cannot_be_entered_is_an_error()
    {
        AddExpired("closed");
        AddExpired("open");
        File.SetUnixFileMode(State.Session("closed"), UnixFileMode.None);
        SomeoneElse.Run(State.Folder, () => Assert.Equal(new SweepResult(2, 1), Sweep()));
        Assert.Equal(["closed error unreadable_stat_error", "open removed expired"], Log().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_that_cannot_be_listed_is_an_error()
    {
        Directory.CreateDirectory(State.Session("blind"));
        Touch("blind", Now.AddYears(-1));
        File.SetUnixFileMode(State.Session("blind"), UnixFileMode.UserExecute);
        SomeoneElse.Run(State.Folder, () => Assert.Equal(new SweepResult(1, 0), Sweep()));
        Assert.Equal(["blind error unreadable_stat_error"], Log());
    }

    [Fact]
    public void Another_users_folder_is_not_touched()
    {
        AddExpired("theirs");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "giving a folder away needs root");
        Posix.chown(State.Session("theirs"), SomeoneElse.Id, SomeoneElse.Id);
        Assert.Equal(new SweepResult(1, 0), Sweep());
        Assert.True(IsStored("theirs"));
        Assert.Equal(["theirs error unreadable_stat_error"], Log());
    }

    [Fact]
    public void A_trash_that_is_a_link_takes_nothing()
    {
        AddExpired("a");
        string outside = Directory.CreateDirectory(Path.Combine(State.Folder, "outside")).FullName;
        Directory.CreateSymbolicLink(Trash, outside);
        Assert.Equal(new SweepResult(1, 0), Sweep());
        Assert.True(IsStored("a"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Equal(["a error remove_error"], Log());
        Assert.Throws<Protocol.Errors.SupException>(() => new Trash(State.Root, Clock).Empty());
    }

    [Fact]
    public void A_state_folder_that_cannot_be_written_is_survived()
    {
        AddExpired("a");
        string state = State.Root.Path;
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        SomeoneElse.Run(State.Folder, () => Assert.Equal(new SweepResult(1, 0), new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromMinutes(1))));
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.True(IsStored("a"));
        Assert.Equal(["sessions"], Directory.EnumerateFileSystemEntries(state).Select(Path.GetFileName));
    }

    [Fact]
    public void A_log_folder_that_is_a_link_is_not_written()
    {
        AddExpired("a");
        string outside = Directory.CreateDirectory(Path.Combine(State.Folder, "outside")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(State.Root.Path, "logs"), outside);
        Assert.Equal(new SweepResult(1, 1), Sweep());
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("fifo")]
    public void A_history_that_is_no_file_is_not_written_and_loses_nothing(string what)
    {
        AddExpired("a");
        string outside = Path.Combine(State.Folder, "outside");
        if (what is "link")
        {
            File.CreateSymbolicLink(HistoryPath, outside);
        }
        else if (what is "folder")
        {
            Directory.CreateDirectory(HistoryPath);
        }
        else
        {
            Posix.MakeFifo(HistoryPath);
        }

        Assert.Equal(new SweepResult(1, 1), Eventually.Returns(Sweep, "the sweep"));
        Assert.False(File.Exists(outside));
        Assert.Equal("a", Assert.Single(History()).Id);
    }

    [Fact]
    public void A_huge_unreadable_folder_does_not_hold_a_sweep_that_has_little_time()
    {
        Directory.CreateDirectory(State.Session("huge"));
        for (int i = 0; i < 20_000; i++)
        {
            File.Create(Path.Combine(State.Session("huge"), $"f{i}")).Dispose();
        }

        AddExpired("a");
        foreach (string file in Directory.EnumerateFiles(State.Session("huge")))
        {
            File.SetLastWriteTimeUtc(file, Now.AddYears(-1));
        }

        Directory.SetLastWriteTimeUtc(State.Session("huge"), Now.AddYears(-1));
        for (int i = 0; i < 3; i++)
        {
            long started = System.Diagnostics.Stopwatch.GetTimestamp();
            new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromMilliseconds(1));
            Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds, 0, 1000);
        }

        Assert.False(IsStored("a"));
        Sweep();
        Assert.False(IsStored("huge"));
        Assert.Equal(0, new Trash(State.Root, Clock).Empty().LeftEntries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
    }

    [Fact]
    public void A_lock_that_is_no_file_holds_nothing()
    {
        AddExpired("a");
        string path = Path.Combine(State.Session("a"), Artifact.Lock);
        File.Delete(path);
        Posix.MakeFifo(path);
        Assert.Equal(new SweepResult(1, 1), Eventually.Returns(Sweep, "the sweep"));
    }
}
