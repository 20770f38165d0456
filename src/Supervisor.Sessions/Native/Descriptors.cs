namespace Supervisor.Sessions.Native;

/// <summary>
/// Lets go of what the caller handed down. Once the command runs it must be the only holder of it: a pipe that we keep
/// open too would never end for its reader.
/// </summary>
internal static class Descriptors
{
    private const int LastStandard = 2;

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

    /// <summary>
    /// Whether what is written to either goes to the same place, each piece behind the one before: <c>2&gt;&amp;1</c>, or the same pipe
    /// or terminal. Not so a file that was opened twice, unless for appending; and in /dev/null no order is lost.
    /// </summary>
    public static bool AreOneFile(int first, int second)
    {
        return Io.Stat(first, out StatX a) && Io.Stat(second, out StatX b)
            && (a.Inode, a.DeviceMajor, a.DeviceMinor) == (b.Inode, b.DeviceMajor, b.DeviceMinor)
            && !a.IsNull
            && (!a.IsRegularFile || (Appends(first) && Appends(second)) || ShareOnePosition(first, second));
    }

    private static bool Appends(int fd) => (Libc.fcntl(fd, Libc.F_GETFL, 0) & Libc.O_APPEND) != 0;

    /// <summary>Whether they are one open file description; see kcmp(2).</summary>
    private static bool ShareOnePosition(int first, int second)
    {
        const int KCMP_FILE = 0;
        return Libc.syscall(Libc.SYS_kcmp, Environment.ProcessId, Environment.ProcessId, KCMP_FILE, first, second) == 0;
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

    private static List<int> Open()
    {
        List<int> fds = [];
        int folder = Io.Open("/proc/self/fd", Libc.O_RDONLY | Libc.O_DIRECTORY);
        FolderEntries entries = new(folder);
        while (entries.MoveNext())
        {
            int fd = Number(entries.Name);
            if (fd >= 0 && fd != folder)
            {
                fds.Add(fd);
            }
        }

        Libc.close(folder);
        return fds;
    }

    private static int Number(ReadOnlySpan<byte> text)
    {
        int number = text.IsEmpty ? -1 : 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            number = (number * 10) + digit - '0';
        }

        return number;
    }
}
