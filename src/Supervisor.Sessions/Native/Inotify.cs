namespace Supervisor.Sessions.Native;

/// <summary>Changes of many files and folders, told through one descriptor (inotify(7)).</summary>
internal sealed unsafe class Inotify : IDisposable
{
    public const uint Modified = 2, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100;

    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno: EMFILE when the user has too many already.</exception>
    public Inotify()
    {
        Fd = Libc.inotify_init1(Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (Fd < 0)
        {
            throw Errno.Exception("cannot watch files", Errno.Last);
        }
    }

    /// <summary>Readable when something has changed.</summary>
    public int Fd { get; }

    /// <summary>A number for <see cref="Remove"/>; -1 when it is not there, or the user has too many watches.</summary>
    public int Add(string path, uint changes)
    {
        fixed (byte* p = Io.Path(path))
        {
            return Libc.inotify_add_watch(Fd, p, changes);
        }
    }

    public void Remove(int watch) => Libc.inotify_rm_watch(Fd, watch);

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
