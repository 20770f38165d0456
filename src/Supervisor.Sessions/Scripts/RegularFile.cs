using Microsoft.Win32.SafeHandles;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Scripts;

/// <summary>
/// Files that can be read without anybody noticing. A script may also come through a pipe (<c>bash &lt;(…)</c>): what we read of
/// that the command would never see, and a FIFO without a writer would hold us.
/// </summary>
internal static class RegularFile
{
    public static bool Is(string path) =>
        Io.StatAt(Libc.AT_FDCWD, path, followLink: true, out StatX stat) && stat.IsRegularFile;

    /// <summary>Null when it is no regular file, or not for us to read.</summary>
    public static FileStream? Open(string path)
    {
        int fd = Io.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOCTTY);
        if (fd < 0)
        {
            return null;
        }

        if (Io.Stat(fd, out StatX stat) && stat.IsRegularFile)
        {
            return new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read);
        }

        Libc.close(fd);
        return null;
    }
}
