using System.Diagnostics;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// <c>history.jsonl</c> in the hands of one writer at a time: a lock on its first byte. Each line is one write; what a full disk
/// took only in part is taken back, and onto the torn end that a killed writer left nothing is added.
/// </summary>
internal sealed class HistoryFile : IDisposable
{
    public const string Name = "history.jsonl";

    private const string TemporaryName = Name + ".new";
    private const int BlockBytes = 64 * 1024;
    private const int MaxLine = 1024 * 1024;

    /// <summary>No more of it is ever read: 10,000 lines of the largest kind.</summary>
    private const long MaxBytes = 512L * 1024 * 1024;

    private readonly int _root;
    private readonly int _fd;

    private HistoryFile(int root, int fd) => (_root, _fd) = (root, fd);

    /// <summary>Opens and locks it, made if need be. Null when somebody holds it longer than the patience, or with the errno.</summary>
    public static HistoryFile? Lock(int root, TimeSpan patience, out int error)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            int fd = Io.OpenAt(
                root, Name, Libc.O_RDWR | Libc.O_CREAT | Libc.O_APPEND | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, OwnedFolder.FileMode);
            error = fd < 0 ? Errno.Last : 0;
            if (fd >= 0 && !(Io.Stat(fd, out StatX stat) && stat.IsRegularFile))
            {
                Libc.close(fd);
                (fd, error) = (-1, Errno.EISDIR);
            }

            if (fd < 0)
            {
                return null;
            }

            while (!OfdLock.TryTake(fd, 0))
            {
                if (Stopwatch.GetElapsedTime(started) >= patience)
                {
                    Libc.close(fd);
                    error = Errno.EAGAIN;
                    return null;
                }

                Thread.Sleep(1);
            }

            // Somebody may have replaced it between our open and our lock: then the lock holds nothing.
            if (Io.Stat(fd, out StatX mine) && Io.StatAt(root, Name, followLink: false, out StatX there) && mine.Inode == there.Inode)
            {
                return new HistoryFile(root, fd);
            }

            Libc.close(fd);
        }
    }

    /// <summary>Adds a line. 0, or the errno; then nothing of it is left.</summary>
    public unsafe int Append(ReadOnlySpan<byte> line)
    {
        if (!Io.Stat(_fd, out StatX stat))
        {
            return Errno.Last;
        }

        byte last = (byte)'\n';
        if (stat.Size > 0)
        {
            Libc.pread(_fd, &last, 1, (long)stat.Size - 1);
        }

        int error = last == '\n' ? 0 : Io.WriteAll(_fd, "\n"u8);
        error = error != 0 ? error : Io.WriteAll(_fd, line);
        if (error != 0)
        {
            Libc.ftruncate(_fd, (long)stat.Size);
        }

        return error;
    }

    /// <summary>Whether there is a line of that removal.</summary>
    public unsafe bool Contains(string removal)
    {
        byte[] wanted = Encoding.ASCII.GetBytes($"\"removal\":\"{removal}\"");
        byte[] block = new byte[64 * 1024];
        int kept = 0;
        long position = 0;
        while (true)
        {
            nint n;
            fixed (byte* p = &block[kept])
            {
                n = Libc.pread(_fd, p, block.Length - kept, position);
            }

            if (n <= 0)
            {
                return false;
            }

            position += n;
            Span<byte> read = block.AsSpan(0, kept + (int)n);
            if (read.IndexOf(wanted) >= 0)
            {
                return true;
            }

            // It may lie across two blocks.
            kept = Math.Min(read.Length, wanted.Length - 1);
            read[^kept..].CopyTo(block);
        }
    }

    /// <summary>The lines, newest first.</summary>
    public IEnumerable<byte[]> Lines() => Lines(_fd);

    /// <summary>The lines, newest first, without the lock: what is being written is left out. None when there is no file.</summary>
    public static IEnumerable<byte[]> Lines(int root, string name)
    {
        int fd = Io.OpenAt(root, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd < 0 || !(Io.Stat(fd, out StatX stat) && stat.IsRegularFile))
        {
            return [];
        }

        return Closing(fd);
    }

    private static IEnumerable<byte[]> Closing(int fd)
    {
        try
        {
            foreach (byte[] line in Lines(fd))
            {
                yield return line;
            }
        }
        finally
        {
            Libc.close(fd);
        }
    }

    /// <summary>Blocks from the end, each cut at its newlines; the beginning of a block's first line is in the block before.</summary>
    private static IEnumerable<byte[]> Lines(int fd)
    {
        long position = Io.Stat(fd, out StatX stat) ? (long)stat.Size : 0;
        long lowest = Math.Max(0, position - MaxBytes);
        byte[] carried = [];
        bool complete = false;
        while (position > lowest)
        {
            int length = (int)Math.Min(BlockBytes, position - lowest);
            position -= length;
            byte[] block = new byte[length + carried.Length];
            carried.CopyTo(block, length);
            length = ReadAt(fd, block.AsSpan(0, length), position) == length ? block.Length : 0;
            int end = length;
            for (int newline; (newline = block.AsSpan(0, end).LastIndexOf((byte)'\n')) >= 0; end = newline)
            {
                if (complete && end - newline > 1)
                {
                    yield return block[(newline + 1)..end];
                }

                complete = true;
            }

            // A line too long to be ours is not carried on; what is left of it can be no JSON.
            carried = end <= MaxLine ? block[..end] : block[..1];
        }

        if (complete && position == 0 && carried.Length > 0)
        {
            yield return carried;
        }
    }

    private static unsafe int ReadAt(int fd, Span<byte> buffer, long position)
    {
        fixed (byte* p = buffer)
        {
            return (int)Libc.pread(fd, p, buffer.Length, position);
        }
    }

    /// <summary>Replaces the whole file in one step. 0 or the errno. Nothing more can be done with this object then.</summary>
    public int Replace(ReadOnlySpan<byte> content)
    {
        int fd = Io.OpenAt(
            _root, TemporaryName, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW, OwnedFolder.FileMode);
        if (fd < 0)
        {
            return Errno.Last;
        }

        int error = Io.WriteAll(fd, content);
        Libc.close(fd);
        error = error != 0 ? error : Io.Rename(_root, TemporaryName, Name);
        if (error != 0)
        {
            Io.Unlink(_root, TemporaryName);
        }

        return error;
    }

    public void Dispose() => Libc.close(_fd);
}
