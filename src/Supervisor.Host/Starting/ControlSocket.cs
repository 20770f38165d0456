using System.Globalization;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Starting;

/// <summary>
/// The bound control socket: <c>daemon.sock</c> in the state root, or where that file system cannot hold one, a file in
/// <c>$XDG_RUNTIME_DIR/sup</c>. Only for the holder of the daemon's lock, who may take away what a killed daemon left.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    private const uint FolderMode = 0x1C0; // 0700
    private const uint OthersMask = 0x3F; // 0077

    private readonly int _folder;
    private readonly string _name;

    private ControlSocket(int fd, int folder, string name, string path) => (Fd, _folder, _name, Path) = (fd, folder, name, path);

    /// <summary>Listens; it belongs to the server that takes it.</summary>
    public int Fd { get; }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <param name="root">The state root, open.</param>
    /// <param name="rootPath">Its path.</param>
    /// <param name="runtimeFolder">The value of <c>XDG_RUNTIME_DIR</c>.</param>
    /// <exception cref="SupException">There can be no socket.</exception>
    public static ControlSocket Open(int root, string rootPath, string? runtimeFolder)
    {
        int own = Libc.fcntl(root, Libc.F_DUPFD_CLOEXEC, 0);
        int fd = Bind(own, DaemonFiles.Socket);
        if (fd >= 0)
        {
            return new ControlSocket(fd, own, DaemonFiles.Socket, System.IO.Path.Combine(rootPath, DaemonFiles.Socket));
        }

        Libc.close(own);
        return (string.IsNullOrEmpty(runtimeFolder) ? null : OpenElsewhere(root, System.IO.Path.Combine(runtimeFolder, "sup")))
            ?? throw new SupException(
                ErrorCode.DaemonUnavailable,
                ExitCode.Failure,
                $"the daemon cannot make its socket in {rootPath}: {Errno.Text(-fd)}",
                "choose a folder on ext4, xfs, btrfs or tmpfs with SUP_STATE_DIR, or set XDG_RUNTIME_DIR");
    }

    private static ControlSocket? OpenElsewhere(int root, string path)
    {
        Io.MakeDirectory(Libc.AT_FDCWD, path, FolderMode);
        int folder = Io.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        if (folder < 0)
        {
            return null;
        }

        // Named after the state root itself, so that the next daemon of the same root finds what this one leaves when it is killed.
        Io.Stat(root, out StatX stat);
        string name = string.Create(CultureInfo.InvariantCulture, $"daemon-{stat.DeviceMajor:x}-{stat.DeviceMinor:x}-{stat.Inode:x}.sock");
        bool isOurs = Io.Stat(folder, out StatX there) && there.Uid == Libc.geteuid() && (there.Mode & OthersMask) == 0;
        int fd = isOurs ? Bind(folder, name) : -1;
        if (fd >= 0)
        {
            return new ControlSocket(fd, folder, name, System.IO.Path.Combine(path, name));
        }

        Libc.close(folder);
        return null;
    }

    private static int Bind(int folder, string name)
    {
        Io.Unlink(folder, name);
        return UnixSocket.Listen(folder, name);
    }

    /// <summary>Takes the socket's file away.</summary>
    public void Dispose()
    {
        Io.Unlink(_folder, _name);
        Libc.close(_folder);
    }
}
