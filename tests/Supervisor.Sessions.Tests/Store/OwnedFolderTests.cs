using System.Text;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class OwnedFolderTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Folders_are_0700_and_files_0600()
    {
        using OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, "{}"u8);
        folder.WriteAtomically("attempts/1.json", "{}"u8);
        Libc.close(folder.OpenAppend(Artifact.Output));

        foreach (string path in new[] { _state.Root.Path, _state.Root.Sessions, folder.Path, Path.Combine(folder.Path, Artifact.Attempts) })
        {
            Assert.Equal(PrivateFolder, File.GetUnixFileMode(path));
        }

        string[] files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(4, files.Length);
        Assert.All(files, file => Assert.Equal(Private, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void One_of_many_at_once_gets_an_id()
    {
        for (int round = 0; round < 20; round++)
        {
            string id = $"r{round}";
            OwnedFolder?[] got = new OwnedFolder?[8];
            Eventually.Together(Enumerable.Range(0, got.Length).Select(i => (Action)(() => got[i] = OwnedFolder.Create(_state.Root, TestState.Id(id)))));
            using OwnedFolder owner = Assert.Single(got, f => f is not null)!;
            Assert.Equal(_state.Session(id), owner.Path);
        }
    }

    [Theory]
    [InlineData("full folder")]
    [InlineData("empty folder")]
    [InlineData("file")]
    [InlineData("link to a folder")]
    [InlineData("link to nothing")]
    public void What_exists_under_the_id_is_refused_and_not_touched(string what)
    {
        _state.AddEnded("other");
        string path = _state.Session("taken");
        string outside = Path.Combine(_state.Folder, "outside");
        switch (what)
        {
            case "full folder":
                Directory.CreateDirectory(path);
                File.WriteAllText(Path.Combine(path, "mine.txt"), "mine");
                break;
            case "empty folder":
                Directory.CreateDirectory(path);
                break;
            case "file":
                File.WriteAllText(path, "mine");
                break;
            case "link to a folder":
                Directory.CreateDirectory(outside);
                File.CreateSymbolicLink(path, outside);
                break;
            default:
                File.CreateSymbolicLink(path, outside);
                break;
        }

        string before = Listing();
        Assert.Null(OwnedFolder.Create(_state.Root, TestState.Id("taken")));
        Assert.Equal(before, Listing());
    }

    [Fact]
    public void The_lock_is_seen_by_readers_until_the_owner_lets_go()
    {
        OwnedFolder folder = _state.Create("a");
        using SessionFiles files = _state.Open("a");
        Assert.True(files.IsOwned());

        // Asking takes nothing, and closes no lock of the owner's in the same process.
        Assert.True(files.IsOwned());
        folder.Dispose();
        Assert.False(files.IsOwned());
    }

    [Fact]
    public void Only_the_first_byte_of_the_lock_means_alive()
    {
        _state.AddEnded("a");
        using SessionFiles files = _state.Open("a");
        int fd = Io.Open(Path.Combine(_state.Session("a"), Artifact.Lock), Libc.O_RDWR);
        Assert.True(OfdLock.TryTake(fd, Artifact.ChangeByte));
        Assert.False(files.IsOwned());
        Assert.True(OfdLock.TryTake(fd, Artifact.OwnerByte));
        Assert.True(files.IsOwned());
        Libc.close(fd);
        Assert.False(files.IsOwned());
    }

    [Fact]
    public void The_owner_does_not_keep_the_byte_of_those_who_change_the_folder()
    {
        using OwnedFolder folder = _state.Create("a");
        int fd = Io.Open(Path.Combine(folder.Path, Artifact.Lock), Libc.O_RDWR);
        Assert.True(OfdLock.TryTake(fd, Artifact.ChangeByte));
        Assert.False(OfdLock.TryTake(fd, Artifact.OwnerByte));
        Libc.close(fd);
    }

    [Fact]
    public void A_replaced_file_is_never_seen_torn()
    {
        using OwnedFolder folder = _state.Create("a");
        string path = Path.Combine(folder.Path, Artifact.Meta);
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => Encoding.ASCII.GetBytes(new string((char)('a' + i), 1000 + (i * 30_000))))];
        folder.WriteAtomically(Artifact.Meta, contents[0]);
        int seen = 0;
        Eventually.Together(
            () =>
            {
                for (int i = 0; i < 2000; i++)
                {
                    folder.WriteAtomically(Artifact.Meta, contents[i % contents.Length]);
                }

                Volatile.Write(ref seen, -1);
            },
            () =>
            {
                while (Volatile.Read(ref seen) >= 0)
                {
                    byte[] read = File.ReadAllBytes(path);
                    Assert.Contains(contents, c => c.AsSpan().SequenceEqual(read));
                }
            });
        Assert.False(File.Exists(path + ".new"));
    }

    [Fact]
    public void A_folder_that_was_removed_is_noticed()
    {
        using OwnedFolder folder = _state.Create("a");
        Assert.False(folder.IsDeleted);
        Directory.Delete(folder.Path, recursive: true);
        Assert.True(folder.IsDeleted);
    }

    [Fact]
    public void Writing_into_a_removed_folder_says_why_it_failed()
    {
        using OwnedFolder folder = _state.Create("a");
        Directory.Delete(folder.Path, recursive: true);
        IOException e = Assert.Throws<IOException>(() => folder.WriteAtomically(Artifact.Meta, "{}"u8));
        Assert.Equal(Errno.ENOENT, e.HResult);
    }

    private string Listing() => string.Join(
        '\n',
        Directory.GetFileSystemEntries(_state.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(p =>
            $"{p} {Describe(new FileInfo(p))} {(File.Exists(p) && new FileInfo(p).LinkTarget is null ? File.ReadAllText(p) : "")}"));

    private static string? Describe(FileInfo file) => file.LinkTarget ?? $"{file.Attributes} {file.UnixFileMode}";

    [Fact]
    public void A_folder_that_cannot_be_finished_leaves_nothing_behind()
    {
        using SmallDisk disk = SmallDisk.Mount(256 * 1024, files: 8);
        StateRoot root = TestState.At(Path.Combine(disk.Path, "state"));
        OwnedFolder.Create(root, TestState.Id("first"))!.Dispose();
        int made = 0;
        try
        {
            while (true)
            {
                Directory.CreateDirectory(Path.Combine(disk.Path, "filler" + made));
                made++;
            }
        }
        catch (IOException)
        {
            // No more files can be made. There is room for one: the folder, but not for its lock.
            Directory.Delete(Path.Combine(disk.Path, "filler0"));
        }

        Assert.Throws<IOException>(() => OwnedFolder.Create(root, TestState.Id("second")));
        Assert.False(Directory.Exists(Path.Combine(root.Sessions, "second")));
        Assert.DoesNotContain(
            Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget ?? ""),
            target => target.StartsWith(disk.Path, StringComparison.Ordinal));
    }
}
