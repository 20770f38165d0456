using System.Globalization;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// The bound live socket of a session: <c>live.sock</c> in its folder, or where that file system cannot hold one, a file in
/// <c>$XDG_RUNTIME_DIR/sup</c>.
/// </summary>
internal sealed class LiveListener : IDisposable
{
    private const uint FolderMode = 0x1C0; // 0700
    private const uint OthersMask = 0x3F; // 0077

    private readonly OwnedFolder? _folder;

    private LiveListener(int fd, string? path, OwnedFolder? folder) => (Fd, Path, _folder) = (fd, path, folder);

    public int Fd { get; }

    /// <summary>For meta.json, when it is not beside it.</summary>
    public string? Path { get; }

    /// <param name="folder">The session's.</param>
    /// <param name="runtimeFolder">The value of <c>XDG_RUNTIME_DIR</c>.</param>
    /// <returns>Null where there can be no socket; followers then watch the files.</returns>
    public static LiveListener? Open(OwnedFolder folder, string? runtimeFolder)
    {
        int fd = folder.Listen();
        return fd >= 0 ? new LiveListener(fd, null, folder)
            : string.IsNullOrEmpty(runtimeFolder) ? null
            : OpenElsewhere(System.IO.Path.Combine(runtimeFolder, "sup"), folder.Id.Value);
    }

    private static LiveListener? OpenElsewhere(string folder, string id)
    {
        Io.MakeDirectory(Libc.AT_FDCWD, folder, FolderMode);
        int parent = Io.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        if (parent < 0)
        {
            return null;
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"{id}-{Libc.getpid()}.sock");
        bool isOurs = Io.Stat(parent, out StatX stat) && stat.Uid == Libc.geteuid() && (stat.Mode & OthersMask) == 0;
        int fd = isOurs ? UnixSocket.Listen(parent, name) : -1;
        Libc.close(parent);
        return fd < 0 ? null : new LiveListener(fd, System.IO.Path.Combine(folder, name), null);
    }

    /// <summary>Takes the socket's file away. The descriptor belongs to the server.</summary>
    public void Dispose()
    {
        if (Path is not null)
        {
            Io.Unlink(Libc.AT_FDCWD, Path);
        }
        else
        {
            _folder!.Rename(LiveProtocol.SocketName, null);
        }
    }
}
