using System.Runtime.InteropServices;

namespace Supervisor.Sessions.Native;

/// <summary>
/// Open-file-description locks on single bytes (fcntl(2), F_OFD_SETLK). Unlike flock(2) a curious process can ask
/// about one without taking it, and unlike POSIX locks closing another descriptor of the file does not drop it.
/// </summary>
internal static unsafe class OfdLock
{
    private const int F_OFD_GETLK = 36;
    private const int F_OFD_SETLK = 37;
    private const short F_RDLCK = 0;
    private const short F_WRLCK = 1;
    private const short F_UNLCK = 2;

    [StructLayout(LayoutKind.Sequential)]
    private struct Flock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Pid;
    }

    /// <summary>Takes the write lock on one byte if it is free. The descriptor must be open for writing.</summary>
    public static bool TryTake(int fd, long offset)
    {
        Flock wanted = new() { Type = F_WRLCK, Start = offset, Length = 1 };
        return Libc.fcntl(fd, F_OFD_SETLK, (nint)(&wanted)) == 0;
    }

    public static void Release(int fd, long offset)
    {
        Flock wanted = new() { Type = F_UNLCK, Start = offset, Length = 1 };
        Libc.fcntl(fd, F_OFD_SETLK, (nint)(&wanted));
    }

    /// <summary>Whether somebody else holds the write lock on that byte. Takes nothing.</summary>
    public static bool IsHeld(int fd, long offset)
    {
        Flock asked = new() { Type = F_RDLCK, Start = offset, Length = 1 };
        return Libc.fcntl(fd, F_OFD_GETLK, (nint)(&asked)) == 0 && asked.Type != F_UNLCK;
    }

    /// <summary>Whether this system has such locks at all.</summary>
    public static bool CanAsk(int fd)
    {
        Flock asked = new() { Type = F_RDLCK, Length = 1 };
        return Libc.fcntl(fd, F_OFD_GETLK, (nint)(&asked)) == 0;
    }
}
