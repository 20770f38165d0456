using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Starting;

/// <summary>The lock that makes this process the daemon of its state root, held for life.</summary>
internal sealed class DaemonLock : IDisposable
{
    private readonly int _fd;

    private DaemonLock(int fd) => _fd = fd;

    /// <summary>Null when another process is the daemon.</summary>
    /// <param name="root">The state root, open.</param>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public static DaemonLock? TryTake(int root)
    {
        while (true)
        {
            int fd = DaemonFiles.OpenLock(root);
            if (fd < 0)
            {
                throw Errno.Exception($"cannot open {DaemonFiles.Lock}", -fd);
            }

            if (!OfdLock.TryTake(fd, DaemonFiles.DaemonByte))
            {
                bool taken = Errno.Last is Errno.EAGAIN or Errno.EACCES;
                int error = Errno.Last;
                Libc.close(fd);
                return taken ? null : throw Errno.Exception($"cannot lock {DaemonFiles.Lock}", error);
            }

            DaemonLock held = new(fd);
            if (held.IsThere(root))
            {
                return held;
            }

            // Somebody removed the file in between: whoever makes it anew would be a second daemon.
            held.Dispose();
        }
    }

    /// <summary>Whether the locked file is still the one that others find in the state root.</summary>
    private bool IsThere(int root) =>
        Io.Stat(_fd, out StatX mine) && Io.StatAt(root, DaemonFiles.Lock, followLink: false, out StatX there) && mine.Inode == there.Inode;

    public void Dispose() => Libc.close(_fd);
}
