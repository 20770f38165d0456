using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class StateRootTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Readable = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Theory]
    [InlineData("/s", "/x", "/h", "/s")]
    [InlineData(null, "/x", "/h", "/x/sup")]
    [InlineData(null, null, "/h", "/h/.local/state/sup")]
    [InlineData("", "", "/h", "/h/.local/state/sup")]
    [InlineData(null, "relative", "/h", "/h/.local/state/sup")]
    [InlineData("", "/x", "/h", "/x/sup")]
    [InlineData("/s/../t/", null, null, "/t")]
    public void The_folder_follows_the_environment(string? state, string? xdg, string? home, string expected)
    {
        StateRoot root = StateRoot.Locate(name => name switch
        {
            "SUP_STATE_DIR" => state,
            "XDG_STATE_HOME" => xdg,
            "HOME" => home,
            _ => throw new ArgumentException(name, nameof(name)),
        });
        Assert.Equal(expected, root.Path.TrimEnd('/'));
    }

    [Fact]
    public void Without_any_of_them_there_is_an_error_that_says_what_to_set()
    {
        SupException e = Assert.Throws<SupException>(() => StateRoot.Locate(_ => null));
        Assert.Equal(ExitCode.Failure, e.ExitCode);
        Assert.Contains("SUP_STATE_DIR", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Looking_creates_nothing()
    {
        Assert.Equal(-1, _state.Root.OpenForReading("sessions"));
        Assert.Empty(new SessionCatalog(_state.Root, TimeProvider.System).All());
        Assert.False(Directory.Exists(_state.Root.Path));
    }

    [Fact]
    public void Parents_are_made_and_private()
    {
        StateRoot root = TestState.At(Path.Combine(_state.Folder, "a", "b", "c"));
        Libc.close(root.OpenForWriting("sessions"));
        foreach (string made in new[] { "a", "a/b", "a/b/c", "a/b/c/sessions" })
        {
            Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(_state.Folder, made)));
        }
    }

    [Fact]
    public void An_empty_folder_is_closed_to_others()
    {
        Directory.CreateDirectory(_state.Root.Path);
        File.SetUnixFileMode(_state.Root.Path, Readable | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite);
        Libc.close(_state.Root.OpenForWriting("sessions"));
        Assert.Equal(Owner, File.GetUnixFileMode(_state.Root.Path));
    }

    [Fact]
    public void A_folder_of_ours_that_was_opened_to_others_is_closed_again()
    {
        _state.AddEnded("a");
        File.SetUnixFileMode(_state.Root.Path, Readable);
        File.SetUnixFileMode(_state.Root.Sessions, Readable);
        Libc.close(_state.Root.OpenForReading("sessions"));
        Assert.Equal(Owner, File.GetUnixFileMode(_state.Root.Path));
        Assert.Equal(Owner, File.GetUnixFileMode(_state.Root.Sessions));
    }

    [Theory]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_folder_that_holds_other_things_and_lets_others_write_is_refused(UnixFileMode write)
    {
        Directory.CreateDirectory(_state.Root.Path);
        File.WriteAllText(Path.Combine(_state.Root.Path, "photo.jpg"), "x");
        File.SetUnixFileMode(_state.Root.Path, Readable | write);
        SupException e = Assert.Throws<SupException>(() => _state.Root.OpenForWriting("sessions"));
        Assert.Equal(ErrorCode.UnsafeState, e.Code);
        Assert.Equal(ExitCode.Failure, e.ExitCode);
        Assert.Throws<SupException>(() => _state.Root.OpenForReading("sessions"));
        Assert.Equal(Readable | write, File.GetUnixFileMode(_state.Root.Path));
        Assert.False(Directory.Exists(_state.Root.Sessions));
    }

    [Fact]
    public void The_modes_of_a_folder_that_holds_other_things_are_left_alone()
    {
        Directory.CreateDirectory(_state.Root.Path);
        File.WriteAllText(Path.Combine(_state.Root.Path, "photo.jpg"), "x");
        File.SetUnixFileMode(_state.Root.Path, Readable);
        Libc.close(_state.Root.OpenForWriting("sessions"));
        Assert.Equal(Readable, File.GetUnixFileMode(_state.Root.Path));
        Assert.Equal(Owner, File.GetUnixFileMode(_state.Root.Sessions));
    }

    [Theory]
    [InlineData("sessions", "link")]
    [InlineData("sessions", "dangling link")]
    [InlineData("sessions", "file")]
    [InlineData("names", "link")]
    [InlineData("names", "dangling link")]
    public void Something_else_in_place_of_an_inner_folder_is_refused(string inner, string what)
    {
        string outside = Path.Combine(_state.Folder, "outside");
        Directory.CreateDirectory(_state.Root.Path);
        string path = Path.Combine(_state.Root.Path, inner);
        if (string.Equals(what, "file", StringComparison.Ordinal))
        {
            File.WriteAllText(path, "x");
        }
        else
        {
            File.CreateSymbolicLink(path, outside);
        }

        if (string.Equals(what, "link", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(outside);
        }

        SupException e = Assert.Throws<SupException>(() => _state.Root.OpenForWriting(inner));
        Assert.Equal(ErrorCode.UnsafeState, e.Code);
        Assert.False(Directory.Exists(outside) && Directory.GetFileSystemEntries(outside).Length > 0);
    }

    [Fact]
    public void Another_users_folder_is_refused()
    {
        if (Libc.geteuid() != 0)
        {
            Assert.Skip("giving a folder to another user needs root");
        }

        Directory.CreateDirectory(_state.Root.Path);
        Assert.Equal(0, Posix.chown(_state.Root.Path, 65534, 65534));
        SupException e = Assert.Throws<SupException>(() => _state.Root.OpenForWriting("sessions"));
        Assert.Equal(ErrorCode.UnsafeState, e.Code);
    }

    [Fact]
    public void A_link_to_the_users_own_folder_is_followed()
    {
        string real = Path.Combine(_state.Folder, "real");
        Directory.CreateDirectory(real);
        File.CreateSymbolicLink(_state.Root.Path, real);
        Libc.close(_state.Root.OpenForWriting("sessions"));
        Assert.True(Directory.Exists(Path.Combine(real, "sessions")));
    }
}
