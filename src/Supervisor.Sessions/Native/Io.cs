using System.Text;

namespace Supervisor.Sessions.Native;

/// <summary>Small, exact wrappers: they retry EINTR, and leave every other decision to the caller.</summary>
internal static unsafe class Io
{
    public const int Forever = -1;

    /// <summary>A NUL-terminated copy of <paramref name="text"/> as the kernel takes it.</summary>
    public static byte[] Path(string text) => NativeText.Encode(text + "\0");

    public static int Open(string path, int flags, uint mode = 0)
    {
        fixed (byte* p = Path(path))
        {
            return Libc.open(p, flags | Libc.O_CLOEXEC, mode);
        }
    }

    public static int OpenAt(int directory, string name, int flags, uint mode = 0) => OpenAt(directory, Path(name), flags, mode);

    /// <summary>openat(2) of a NUL-terminated name.</summary>
    public static int OpenAt(int directory, byte[] name, int flags, uint mode = 0)
    {
        fixed (byte* p = name)
        {
            return Libc.openat(directory, p, flags | Libc.O_CLOEXEC, mode);
        }
    }

    public static nint Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            nint n;
            do
            {
                n = Libc.read(fd, p, buffer.Length);
            }
            while (n < 0 && Errno.Last == Errno.EINTR);

            return n;
        }
    }

    /// <summary>Reads from an offset until the buffer is full or the file ends; what came before an error is kept.</summary>
    public static int ReadAt(int fd, Span<byte> buffer, long offset)
    {
        int length = 0;
        fixed (byte* p = buffer)
        {
            while (length < buffer.Length)
            {
                nint n = Libc.pread(fd, p + length, buffer.Length - length, offset + length);
                if (n > 0)
                {
                    length += (int)n;
                }
                else if (n == 0 || Errno.Last != Errno.EINTR)
                {
                    break;
                }
            }
        }

        return length;
    }

    public static nint Write(int fd, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            nint n;
            do
            {
                n = Libc.write(fd, p, buffer.Length);
            }
            while (n < 0 && Errno.Last == Errno.EINTR);

            return n;
        }
    }

    /// <summary>
    /// Writes all of <paramref name="buffer"/>, waiting where the descriptor is non-blocking: it may be shared with a
    /// program that made it so. Returns 0, or the errno that stopped it.
    /// </summary>
    public static int WriteAll(int fd, ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint n = Write(fd, buffer);
            if (n > 0)
            {
                buffer = buffer[(int)n..];
                continue;
            }

            int error = n == 0 ? Errno.EIO : Errno.Last;
            if (error != Errno.EAGAIN)
            {
                return error;
            }

            WaitFor(fd, Libc.POLLOUT, Forever);
        }

        return 0;
    }

    /// <summary>poll(2): how many are ready, 0 when the time ran out. EINTR counts as nothing ready.</summary>
    public static int Poll(PollFd* fds, int count, int timeoutMilliseconds) =>
        Math.Max(0, Libc.poll(fds, (nuint)count, timeoutMilliseconds));

    /// <summary>Waits until one descriptor is ready; false when the time ran out.</summary>
    public static bool WaitFor(int fd, short events, int timeoutMilliseconds)
    {
        PollFd wait = new() { Fd = fd, Events = events };
        return Poll(&wait, 1, timeoutMilliseconds) > 0;
    }

    public static bool Stat(int fd, out StatX stat)
    {
        byte empty = 0;
        fixed (StatX* s = &stat)
        {
            return Libc.statx(fd, &empty, Libc.AT_EMPTY_PATH, StatX.BasicStats, s) == 0;
        }
    }

    public static bool StatAt(int directory, string name, bool followLink, out StatX stat) =>
        StatAt(directory, Path(name), followLink, out stat);

    public static bool StatAt(int directory, byte[] name, bool followLink, out StatX stat)
    {
        fixed (byte* p = name)
        fixed (StatX* s = &stat)
        {
            int flags = followLink ? 0 : Libc.AT_SYMLINK_NOFOLLOW;
            return Libc.statx(directory, p, flags, StatX.BasicStats, s) == 0;
        }
    }

    /// <summary>Whether the effective user may enter the folder <paramref name="directory"/> (a descriptor).</summary>
    public static bool CanEnter(int directory)
    {
        byte empty = 0;
        return Libc.faccessat(directory, &empty, Libc.X_OK, Libc.AT_EMPTY_PATH | Libc.AT_EACCESS) == 0;
    }

    /// <summary>Whether <paramref name="path"/>, taken from <paramref name="workingDirectory"/>, is there.</summary>
    public static bool Exists(byte[] path, string? workingDirectory)
    {
        byte[] full = workingDirectory is null || path is [(byte)'/', ..]
            ? [.. path, 0]
            : [.. NativeText.Encode(workingDirectory), (byte)'/', .. path, 0];
        fixed (byte* p = full)
        {
            StatX stat;
            return Libc.statx(Libc.AT_FDCWD, p, 0, StatX.BasicStats, &stat) == 0;
        }
    }

    /// <summary>mkdir(2): 0 or the errno.</summary>
    public static int MakeDirectory(int parent, string name, uint mode)
    {
        fixed (byte* p = Path(name))
        {
            return Libc.mkdirat(parent, p, mode) == 0 ? 0 : Errno.Last;
        }
    }

    public static int Rename(int directory, string from, string to)
    {
        fixed (byte* f = Path(from))
        fixed (byte* t = Path(to))
        {
            return Libc.renameat(directory, f, directory, t) == 0 ? 0 : Errno.Last;
        }
    }

    /// <summary>rename(2) from one folder to another: 0 or the errno.</summary>
    public static int Rename(int fromDirectory, byte[] from, int toDirectory, string to)
    {
        fixed (byte* f = from)
        fixed (byte* t = Path(to))
        {
            return Libc.renameat(fromDirectory, f, toDirectory, t) == 0 ? 0 : Errno.Last;
        }
    }

    /// <summary>unlink(2) or, with AT_REMOVEDIR, rmdir(2) of a NUL-terminated name: 0 or the errno.</summary>
    public static int Remove(int directory, byte[] name, int flags)
    {
        fixed (byte* p = name)
        {
            return Libc.unlinkat(directory, p, flags) == 0 ? 0 : Errno.Last;
        }
    }

    public static void Unlink(int directory, string name)
    {
        fixed (byte* p = Path(name))
        {
            Libc.unlinkat(directory, p, 0);
        }
    }

    /// <summary>The path of a folder without links in it; null when it cannot be opened.</summary>
    public static string? RealPath(string folder)
    {
        int fd = Open(folder, Libc.O_PATH | Libc.O_DIRECTORY);
        if (fd < 0)
        {
            return null;
        }

        const int MaxPath = 4096;
        byte* target = stackalloc byte[MaxPath];
        nint length;
        fixed (byte* link = Path($"/proc/self/fd/{fd}"))
        {
            length = Libc.readlink(link, target, MaxPath);
        }

        bool gone = !Stat(fd, out StatX stat) || stat.LinkCount == 0;
        Libc.close(fd);
        return length <= 0 || gone ? null : Encoding.UTF8.GetString(target, (int)length);
    }

    /// <summary>Removes an empty folder.</summary>
    public static void RemoveDirectory(int parent, string name)
    {
        fixed (byte* p = Path(name))
        {
            Libc.unlinkat(parent, p, Libc.AT_REMOVEDIR);
        }
    }

    public static bool IsTerminal(int fd) => Libc.isatty(fd) == 1;

    public static void SetNonBlocking(int fd)
    {
        int flags = Libc.fcntl(fd, Libc.F_GETFL, 0);
        Libc.fcntl(fd, Libc.F_SETFL, flags | Libc.O_NONBLOCK);
    }

    public static (int Read, int Write) Pipe() =>
        TryPipe(out int read, out int write) ? (read, write) : throw Errno.Exception("pipe", Errno.Last);

    public static bool TryPipe(out int read, out int write)
    {
        int* fds = stackalloc int[2];
        bool made = Libc.pipe2(fds, Libc.O_CLOEXEC) == 0;
        (read, write) = (fds[0], fds[1]);
        return made;
    }

    public static (int Ours, int Theirs) SocketPair()
    {
        int* fds = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0, fds) != 0)
        {
            throw Errno.Exception("socketpair", Errno.Last);
        }

        return (fds[0], fds[1]);
    }
}
