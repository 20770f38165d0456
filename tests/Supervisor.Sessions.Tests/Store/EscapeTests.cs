using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

/// <summary>Nothing planted in a session's folder leads a reader or a writer out of it, or holds it.</summary>
public sealed class EscapeTests : IDisposable
{
    private readonly TestState _state = new();

    public static TheoryData<string> WrittenAtOnce => [Artifact.Meta, Artifact.Final, Artifact.Floor, "attempts/1.json"];

    public static TheoryData<string> Appended => [Artifact.Output, Artifact.Index, Artifact.Events];

    public static TheoryData<string> Read =>
        [Artifact.Meta, Artifact.Final, Artifact.Floor, Artifact.Output, Artifact.Lock, "attempts/1.json"];

    private string Outside => Path.Combine(_state.Folder, "outside");

    public void Dispose() => _state.Dispose();

    [Theory]
    [MemberData(nameof(WrittenAtOnce))]
    public void A_link_in_place_of_a_file_is_replaced_not_followed(string name)
    {
        using OwnedFolder folder = _state.Create("a");
        File.WriteAllText(Outside, "precious");
        File.CreateSymbolicLink(Path.Combine(folder.Path, name), Outside);
        folder.WriteAtomically(name, "new"u8);
        Assert.Equal("precious", File.ReadAllText(Outside));
        Assert.Null(new FileInfo(Path.Combine(folder.Path, name)).LinkTarget);
        Assert.Equal("new", File.ReadAllText(Path.Combine(folder.Path, name)));
    }

    [Theory]
    [MemberData(nameof(WrittenAtOnce))]
    public void A_link_in_place_of_the_temporary_file_is_not_followed(string name)
    {
        using OwnedFolder folder = _state.Create("a");
        File.WriteAllText(Outside, "precious");
        File.CreateSymbolicLink(Path.Combine(folder.Path, name + ".new"), Outside);
        TryWrite(folder, name);
        Assert.Equal("precious", File.ReadAllText(Outside));
    }

    [Theory]
    [MemberData(nameof(WrittenAtOnce))]
    public void The_target_of_a_dangling_link_is_not_created_by_replacing(string name)
    {
        using OwnedFolder folder = _state.Create("a");
        File.CreateSymbolicLink(Path.Combine(folder.Path, name), Outside);
        File.CreateSymbolicLink(Path.Combine(folder.Path, name + ".new"), Outside);
        TryWrite(folder, name);
        Assert.False(File.Exists(Outside));
    }

    [Theory]
    [MemberData(nameof(Appended))]
    public void A_link_in_place_of_a_file_is_not_appended_to(string name)
    {
        using OwnedFolder folder = _state.Create("a");
        File.WriteAllText(Outside, "precious");
        File.CreateSymbolicLink(Path.Combine(folder.Path, name), Outside);
        Assert.Throws<IOException>(() => folder.OpenAppend(name));
        Assert.Throws<IOException>(() => folder.OpenNew(name));
        Assert.Equal("precious", File.ReadAllText(Outside));
    }

    [Theory]
    [MemberData(nameof(Appended))]
    public void The_target_of_a_dangling_link_is_not_created_by_appending(string name)
    {
        using OwnedFolder folder = _state.Create("a");
        File.CreateSymbolicLink(Path.Combine(folder.Path, name), Outside);
        Assert.Throws<IOException>(() => folder.OpenAppend(name));
        Assert.False(File.Exists(Outside));
    }

    [Fact]
    public void A_link_in_place_of_the_attempts_folder_is_not_written_through()
    {
        using OwnedFolder folder = _state.Create("a");
        Directory.CreateDirectory(Outside);
        LinkAttempts(folder.Path);
        TryWrite(folder, "attempts/1.json");
        Assert.Empty(Directory.GetFileSystemEntries(Outside));
    }

    [Fact]
    public void A_link_in_place_of_the_attempts_folder_is_not_read_through()
    {
        using OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically("attempts/1.json", Attempt());
        using SessionFiles files = _state.Open("a");
        Assert.Single(files.ReadAttempts());
        Directory.Move(Path.Combine(folder.Path, Artifact.Attempts), Outside);
        File.CreateSymbolicLink(Path.Combine(folder.Path, Artifact.Attempts), Outside);
        Assert.Empty(files.ReadAttempts());
    }

    [Theory]
    [MemberData(nameof(Read))]
    public void A_link_in_place_of_a_file_is_not_read(string name)
    {
        using OwnedFolder folder = FullSession();
        using SessionFiles files = _state.Open("a");
        Assert.True(Sees(files, name));
        string path = Path.Combine(folder.Path, name);
        File.Move(path, Outside);
        File.CreateSymbolicLink(path, Outside);
        Assert.False(Sees(files, name));
    }

    [Theory]
    [MemberData(nameof(Read))]
    public void A_FIFO_or_a_folder_in_place_of_a_file_does_not_hold_a_reader(string name)
    {
        using OwnedFolder folder = FullSession();
        using SessionFiles files = _state.Open("a");
        string path = Path.Combine(folder.Path, name);
        File.Delete(path);
        Posix.MakeFifo(path);
        Assert.False(Eventually.Returns(() => Sees(files, name), "reading a FIFO"));
        Assert.Equal("a", Eventually.Returns(() => SessionStatus.Of(files, DateTime.UtcNow), "looking at a session").Id.Value);
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.False(Sees(files, name));
        Assert.Equal("a", SessionStatus.Of(files, DateTime.UtcNow).Id.Value);
    }

    [Fact]
    public void A_link_in_place_of_a_session_is_no_session()
    {
        _state.AddEnded("real");
        Directory.Move(_state.Session("real"), Outside);
        File.CreateSymbolicLink(_state.Session("linked"), Outside);
        Assert.Null(SessionFiles.Open(_state.Root, TestState.Id("linked")));
        Assert.Empty(new SessionCatalog(_state.Root, TimeProvider.System).All());
    }

    private static byte[] Attempt() =>
        new AttemptRecord { Attempt = 1, ClaimedAt = DateTime.UnixEpoch, BootId = "b", StartCursor = 0 }.ToLine();

    private static void TryWrite(OwnedFolder folder, string name)
    {
        try
        {
            folder.WriteAtomically(name, "new"u8);
        }
        catch (IOException)
        {
            // Refused: as good as replaced.
        }
    }

    private static bool Sees(SessionFiles files, string name)
    {
        switch (name)
        {
            case Artifact.Meta:
                return files.ReadMeta() is not null;
            case Artifact.Final:
                return files.ReadFinal(null) is not null;
            case Artifact.Floor:
                return files.ReadFloor() != 0;
            case Artifact.Lock:
                return files.IsOwned();
            case Artifact.Output:
                using (FileStream? output = files.OpenOutput())
                {
                    return output is not null;
                }

            default:
                return files.ReadAttempts().Count > 0;
        }
    }

    private OwnedFolder FullSession()
    {
        OwnedFolder folder = _state.AddLive("a");
        folder.WriteAtomically(Artifact.Final, TestState.Final("a").ToLine());
        folder.WriteAtomically(Artifact.Floor, "4096\n"u8);
        folder.WriteAtomically(Artifact.Output, "x"u8);
        folder.WriteAtomically("attempts/1.json", Attempt());
        return folder;
    }

    private void LinkAttempts(string session)
    {
        string path = Path.Combine(session, Artifact.Attempts);
        Directory.Delete(path);
        File.CreateSymbolicLink(path, Outside);
    }
}
