namespace Supervisor.Sessions.Native;

/// <summary>
/// Lets go of what the caller handed down. Once the command runs it must be the only holder of it: a pipe that we keep
/// open too would never end for its reader.
/// </summary>
internal static unsafe class Descriptors
{
    private const int LastStandard = 2;
    private const int ListBytes = 4096;

    /// <summary>Offsets in struct linux_dirent64.</summary>
    private const int RecordLength = 16, RecordName = 19;

    /// <summary>
    /// Closes every descriptor above 2 that passes through exec. Ours are all close-on-exec, so these came from the caller.
    /// </summary>
    public static void CloseInherited()
    {
        foreach (int fd in Open())
        {
            if (fd > LastStandard && Libc.fcntl(fd, Libc.F_GETFD, 0) is int flags and >= 0 && (flags & Libc.FD_CLOEXEC) == 0)
            {
                Libc.close(fd);
            }
        }
    }

    /// <summary>
    /// The .NET runtime keeps close-on-exec copies of descriptors 0 to 2 from its start. They are pointed to /dev/null: their
    /// numbers stay taken, so that nothing else is ever written through them. To be called before sup opens anything.
    /// </summary>
    public static void DropRuntimeCopies()
    {
        int nothing = Io.Open("/dev/null", Libc.O_RDWR);
        foreach (int fd in Open())
        {
            if (fd > LastStandard && fd != nothing
                && (Libc.fcntl(fd, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC) != 0
                && Io.Stat(fd, out StatX stat) && IsStandard(stat))
            {
                Libc.dup3(nothing, fd, Libc.O_CLOEXEC);
            }
        }

        Libc.close(nothing);
    }

    /// <summary>Points a descriptor to /dev/null; its number stays taken.</summary>
    public static void LetGo(int fd)
    {
        int nothing = Io.Open("/dev/null", Libc.O_RDWR);
        Libc.dup3(nothing, fd, fd > LastStandard ? Libc.O_CLOEXEC : 0);
        Libc.close(nothing);
    }

    private static bool IsStandard(in StatX stat)
    {
        for (int fd = 0; fd <= LastStandard; fd++)
        {
            if (Io.Stat(fd, out StatX standard)
                && stat.Inode == standard.Inode
                && stat.DeviceMajor == standard.DeviceMajor && stat.DeviceMinor == standard.DeviceMinor)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Lists /proc/self/fd by getdents64(2): .NET's own enumeration costs a run a tenth of its start.</summary>
    private static List<int> Open()
    {
        List<int> fds = [];
        int folder = Io.Open("/proc/self/fd", Libc.O_RDONLY | Libc.O_DIRECTORY);
        byte* buffer = stackalloc byte[ListBytes];
        int length;
        while (folder >= 0 && (length = (int)Libc.syscall(Libc.SYS_getdents64, folder, (long)buffer, ListBytes)) > 0)
        {
            for (int at = 0; at < length; at += *(ushort*)(buffer + at + RecordLength))
            {
                int fd = Number(buffer + at + RecordName);
                if (fd >= 0 && fd != folder)
                {
                    fds.Add(fd);
                }
            }
        }

        Libc.close(folder);
        return fds;
    }

    private static int Number(byte* text)
    {
        int number = *text == 0 ? -1 : 0;
        for (; *text != 0; text++)
        {
            if (*text is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            number = (number * 10) + *text - '0';
        }

        return number;
    }
}
