using System.Text;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>Emptying the trash.</summary>
public sealed class TrashTests : RetentionFixture
{
    private Trash Bin => new(State.Root, Clock);

    [Fact]
    public void What_it_frees_is_counted()
    {
        AddExpired("a");
        File.WriteAllBytes(Path.Combine(State.Session("a"), Artifact.Output), new byte[1_000_000]);
        Sweep();
        long told = 0;
        TrashResult result = Bin.Empty(freed => told = freed);
        Assert.InRange(result.FreedBytes, 1_000_000, 1_200_000);
        Assert.Equal(result.FreedBytes, told);
        Assert.Equal(0, result.LeftEntries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
    }

    [Fact]
    public void Without_a_trash_nothing_happens()
    {
        Assert.Equal(default, Bin.Empty());
        AddExpired("a");
        Assert.Equal(default, Bin.Empty());
        Assert.True(IsStored("a"));
    }

    [Fact]
    public void Links_are_deleted_and_not_followed()
    {
        string outside = Directory.CreateDirectory(Path.Combine(State.Folder, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "precious"), "x");
        AddExpired("a");
        Directory.CreateSymbolicLink(Path.Combine(State.Session("a"), "link"), outside);
        File.CreateSymbolicLink(Path.Combine(State.Session("a"), "file"), Path.Combine(outside, "precious"));
        Sweep();
        Directory.CreateSymbolicLink(Path.Combine(Trash, "link"), outside);
        Assert.Equal(0, Bin.Empty().LeftEntries);
        Assert.Equal("x", File.ReadAllText(Path.Combine(outside, "precious")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
    }

    [Fact]
    public void Nothing_is_too_deep_or_named_too_strangely()
    {
        AddExpired("a");
        int folder = Io.Open(State.Session("a"), Libc.O_RDONLY | Libc.O_DIRECTORY);
        for (int depth = 0; depth < 3000; depth++)
        {
            Io.MakeDirectory(folder, "deeper", 0x1C0);
            int next = Io.OpenAt(folder, "deeper", Libc.O_RDONLY | Libc.O_DIRECTORY);
            Libc.close(folder);
            folder = next;
        }

        Libc.close(folder);
        folder = Io.Open(State.Session("a"), Libc.O_RDONLY | Libc.O_DIRECTORY);
        byte[][] names = [[0xff, 0xfe, 0], [.. Encoding.UTF8.GetBytes("new\nline\u001b[2J"), 0], [(byte)'-', (byte)'r', 0]];
        foreach (byte[] name in names)
        {
            Libc.close(Io.OpenAt(folder, name, Libc.O_WRONLY | Libc.O_CREAT, 0x180));
        }

        Libc.close(folder);
        Posix.MakeFifo(Path.Combine(State.Session("a"), "fifo"));
        Sweep();
        int trash = Io.Open(Trash, Libc.O_RDONLY | Libc.O_DIRECTORY);
        foreach (byte[] name in names)
        {
            Libc.close(Io.OpenAt(trash, name, Libc.O_WRONLY | Libc.O_CREAT, 0x180));
        }

        Libc.close(trash);
        Assert.Equal(0, Bin.Empty().LeftEntries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Trash));
        Assert.Single(History());
    }

    [Fact]
    public void What_is_mounted_in_it_stays_and_is_said()
    {
        using SmallDisk disk = SmallDisk.Mount(64 * 1024);
        File.WriteAllText(Path.Combine(disk.Path, "precious"), "x");
        AddExpired("a");
        string point = Directory.CreateDirectory(Path.Combine(State.Session("a"), "mounted")).FullName;
        Sweep();
        point = Path.Combine(Directory.EnumerateDirectories(Trash).Single(), "mounted");
        const ulong bind = 4096;
        Assert.Equal(0, Posix.mount(disk.Path, point, "", bind, ""));
        try
        {
            Assert.Equal(1, Bin.Empty().LeftEntries);
            Assert.True(File.Exists(Path.Combine(disk.Path, "precious")));
        }
        finally
        {
            Posix.umount2(point, 2);
        }

        Assert.Equal(0, Bin.Empty().LeftEntries);
    }

    [Fact]
    public void On_a_full_disk_room_is_made_before_the_line_is_written()
    {
        using SmallDisk disk = SmallDisk.Mount(1024 * 1024);
        string folder = Directory.CreateDirectory(Path.Combine(disk.Path, "test")).FullName;
        using TestState state = new(folder);
        state.AddEnded("a");
        File.WriteAllBytes(Path.Combine(state.Session("a"), Artifact.Output), new byte[512 * 1024]);
        disk.Fill();
        Assert.Equal(1, new RetentionSweep(state.Root, Clock).Run().Removed);
        SessionHistory history = new(state.Root, Clock);
        Assert.Equal("a", Assert.Single(history.Read()).Id);
        Assert.Equal(0, new Trash(state.Root, Clock).Empty().LeftEntries);
        Assert.Equal("a", Assert.Single(history.Read()).Id);
        Assert.Single(File.ReadAllLines(Path.Combine(state.Root.Path, "history.jsonl")));
    }
}
