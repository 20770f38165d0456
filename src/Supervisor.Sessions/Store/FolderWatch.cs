using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>Waits for something to change in a session's folder (inotify(7)).</summary>
public sealed unsafe class FolderWatch : IDisposable
{
    private const uint InModify = 2;
    private const uint InMovedTo = 0x80;
    private const uint InDeleteSelf = 0x400;

    /// <summary>An owner that is killed changes nothing in the folder; so its lock is looked at this often too.</summary>
    private const int LookMilliseconds = 1000;

    private readonly int _fd;

    public FolderWatch(string path)
    {
        _fd = Libc.inotify_init1(Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        fixed (byte* p = Io.Path(path))
        {
            if (_fd < 0 || Libc.inotify_add_watch(_fd, p, InModify | InMovedTo | InDeleteSelf) < 0)
            {
                throw Errno.Exception($"cannot watch {path}", Errno.Last);
            }
        }
    }

    /// <summary>Returns when something changed since the last call, or after a second.</summary>
    public void Wait()
    {
        Io.WaitFor(_fd, Libc.POLLIN, LookMilliseconds);
        Span<byte> events = stackalloc byte[4096];
        while (Io.Read(_fd, events) > 0)
        {
        }
    }

    public void Dispose() => Libc.close(_fd);
}
