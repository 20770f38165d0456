using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>What a daemon keeps in the state root, and whether one lives. The root is given by its descriptor.</summary>
internal static class DaemonFiles
{
    public const string Record = "daemon.json";
    public const string Lock = "daemon.lock";
    public const string Socket = "daemon.sock";

    /// <summary>Byte of the lock file that the daemon holds for life.</summary>
    public const long DaemonByte = 0;

    /// <summary>Byte of the lock file held by a client while it starts a daemon, so that of fifty at once one does.</summary>
    public const long StarterByte = 1;

    private const int MaxRecord = 64 * 1024;

    /// <summary>The lock file, made if it is missing; or minus the errno. The caller closes it.</summary>
    public static int OpenLock(int root)
    {
        int fd = Io.OpenAt(root, Lock, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, OwnedFolder.FileMode);
        return fd < 0 ? -Errno.Last : fd;
    }

    /// <summary>Whether a daemon lives, be it just starting or stopping.</summary>
    public static bool IsHeld(int root)
    {
        int fd = Io.OpenAt(root, Lock, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        bool held = fd >= 0 && OfdLock.IsHeld(fd, DaemonByte);
        Libc.close(fd);
        return held;
    }

    /// <summary>What the last daemon wrote about itself; null when there is nothing, or nothing that can be read.</summary>
    public static DaemonRecord? Read(int root)
    {
        int fd = Io.OpenAt(root, Record, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd < 0)
        {
            return null;
        }

        byte[] bytes = new byte[MaxRecord];
        bool mine = Io.Stat(fd, out StatX stat) && stat.IsRegularFile && stat.Uid == Libc.geteuid();
        int length = mine ? Io.ReadAt(fd, bytes, 0) : 0;
        Libc.close(fd);
        return DaemonRecord.Parse(bytes.AsSpan(0, length));
    }
}
