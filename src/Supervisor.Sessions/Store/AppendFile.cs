using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// A file that only grows by whole lines. A line that fits only in part (a full disk) is taken back, so that the next
/// one does not grow onto its torn end.
/// </summary>
internal sealed class AppendFile : IDisposable
{
    private readonly int _fd;

    public AppendFile(int fd)
    {
        _fd = fd;
        Length = Io.Stat(fd, out StatX stat) ? (long)stat.Size : 0;
        DropTornLine();
    }

    public long Length { get; private set; }

    /// <summary>0, or the errno; then nothing of <paramref name="line"/> is left in the file.</summary>
    public int Append(ReadOnlySpan<byte> line)
    {
        int error = Io.WriteAll(_fd, line);
        if (error == 0)
        {
            Length += line.Length;
        }
        else
        {
            Libc.ftruncate(_fd, Length);
        }

        return error;
    }

    /// <summary>An owner that was killed may have left part of a line at the end.</summary>
    private void DropTornLine()
    {
        Span<byte> piece = stackalloc byte[512];
        long end = Length;
        int newline = -1;
        while (end > 0 && newline < 0)
        {
            int length = (int)Math.Min(end, piece.Length);
            end -= length;
            newline = Io.ReadAt(_fd, piece[..length], end) == length ? piece[..length].LastIndexOf((byte)'\n') : -1;
        }

        long whole = end + newline + 1;
        if (whole < Length && Libc.ftruncate(_fd, whole) == 0)
        {
            Length = whole;
        }
    }

    public void Clear()
    {
        Libc.ftruncate(_fd, 0);
        Length = 0;
    }

    public void Dispose() => Libc.close(_fd);
}
