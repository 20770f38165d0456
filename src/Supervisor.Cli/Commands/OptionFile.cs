using Supervisor.Sessions.Native;

namespace Supervisor.Cli.Commands;

/// <summary>Files that options name. Not by the framework's classes: their errors are not in the system's words.</summary>
internal static class OptionFile
{
    private const uint UsualMode = 0x1B6; // 0666, less the umask
    private const int PieceBytes = 4096;

    /// <summary>All bytes of a file or pipe. 0, or the errno.</summary>
    public static int Read(string path, out byte[] content)
    {
        content = [];
        int fd = path.Contains('\0', StringComparison.Ordinal) ? -1 : Io.Open(path, Libc.O_RDONLY);
        if (fd < 0)
        {
            return path.Contains('\0', StringComparison.Ordinal) ? Errno.ENOENT : Errno.Last;
        }

        byte[] buffer = new byte[PieceBytes];
        int length = 0;
        nint n;
        while ((n = Io.Read(fd, buffer.AsSpan(length))) > 0)
        {
            length += (int)n;
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        int error = n < 0 ? Errno.Last : 0;
        Libc.close(fd);
        content = buffer.AsSpan(0, length).ToArray();
        return error;
    }

    /// <summary>Makes the file, or replaces what it holds. 0, or the errno.</summary>
    public static int Write(string path, ReadOnlySpan<byte> content)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return Errno.ENOENT;
        }

        int fd = Io.Open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC, UsualMode);
        if (fd < 0)
        {
            return Errno.Last;
        }

        int error = Io.WriteAll(fd, content);
        Libc.close(fd);
        return error;
    }
}
