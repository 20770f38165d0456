using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>Reads files of /proc, which have no length until they are read.</summary>
internal static class ProcFile
{
    /// <summary>At most <paramref name="limit"/> bytes, or null when the file cannot be opened or read.</summary>
    public static byte[]? Read(string path, int limit)
    {
        int fd = Io.Open(path, Libc.O_RDONLY);
        if (fd < 0)
        {
            return null;
        }

        try
        {
            byte[] buffer = new byte[Math.Min(limit, 4096)];
            int length = 0;
            while (true)
            {
                nint n = Io.Read(fd, buffer.AsSpan(length));
                if (n < 0)
                {
                    return null;
                }

                length += (int)n;
                if (n == 0 || length == limit)
                {
                    return buffer[..length];
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(limit, buffer.Length * 2));
                }
            }
        }
        finally
        {
            Libc.close(fd);
        }
    }
}
