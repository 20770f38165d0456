using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>Waits for something to change in a session's folder (inotify(7)).</summary>
public sealed unsafe class FolderWatch : IDisposable
{
    private const uint InModify = 2;
    private const uint InMovedTo = 0x80;
    private const uint InDeleteSelf = 0x400;

    /// <exception cref="IOException">It is gone, or there are too many watches; <see cref="Exception.HResult"/> is the errno.</exception>
    public FolderWatch(string path)
    {
        Fd = Libc.inotify_init1(Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        fixed (byte* p = Io.Path(path))
        {
            if (Fd < 0 || Libc.inotify_add_watch(Fd, p, InModify | InMovedTo | InDeleteSelf) < 0)
            {
                throw Errno.Exception($"cannot watch {path}", Errno.Last);
            }
        }
    }

    /// <summary>Readable when something changed since the last <see cref="Clear"/>.</summary>
    internal int Fd { get; }

    /// <summary>Forgets what has happened until now.</summary>
    public void Clear()
    {
        Span<byte> events = stackalloc byte[4096];
        while (Io.Read(Fd, events) > 0)
        {
        }
    }

    public void Dispose() => Libc.close(Fd);
}
