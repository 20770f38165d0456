using Microsoft.Win32.SafeHandles;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// Finds places in <c>index.jsonl</c> by halving the file, not the records: it looks at a byte, goes on to the next whole line, and
/// decides there. So a lookup reads a few blocks whatever the index's length. Torn lines and lines of others are passed over,
/// a line being appended is not there yet, and an index that is replaced meanwhile (compacted) stays readable as it was.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    /// <summary>Below this many bytes reading on is quicker than another look.</summary>
    private const int NearEnough = 4096;

    private const int MaxLine = 1024 * 1024;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private byte[] _buffer = new byte[2 * NearEnough];
    private long _bufferAt;
    private int _buffered;

    public IndexFile(SafeFileHandle file)
    {
        _file = file;
        _length = RandomAccess.GetLength(file);
    }

    private enum Order
    {
        Offset,
        Time,
    }

    /// <summary>Where the next line begins that <see cref="Next"/> gives.</summary>
    public long Position { get; set; }

    /// <summary>Goes to the last window that begins at <paramref name="cursor"/> or before it; to the first if there is none.</summary>
    public void SeekOffset(long cursor) => Position = LastBefore(Order.Offset, cursor);

    /// <summary>Goes to the last window before <paramref name="time"/>; to the first if there is none.</summary>
    public void SeekTime(DateTime time) => Position = LastBefore(Order.Time, time.ToUniversalTime().Ticks);

    /// <summary>The next window. False at the end.</summary>
    public bool Next(out IndexLine line)
    {
        while (TryLine(_length, out ReadOnlySpan<byte> text))
        {
            if (IndexLine.TryParse(text, out line))
            {
                return true;
            }
        }

        line = default;
        return false;
    }

    private long LastBefore(Order order, long key)
    {
        // The line at low is before the key, or is the first; no line that begins at high or behind it is.
        long low = 0;
        long high = _length;
        while (high - low > NearEnough)
        {
            long middle = low + ((high - low) / 2);
            Position = middle - 1;
            if (SkipLine(high) && NextIn(high, out long start, out long found, order) && found <= key)
            {
                low = start;
            }
            else
            {
                high = middle;
            }
        }

        Position = low;
        while (NextIn(high, out long start, out long found, order) && found <= key)
        {
            low = start;
        }

        return low;
    }

    private bool NextIn(long high, out long start, out long key, Order order)
    {
        start = Position;
        while (Position < high && TryLine(_length, out ReadOnlySpan<byte> text))
        {
            if (IndexLine.TryParse(text, out IndexLine line))
            {
                // A window at the time asked for is not before it; one at the offset asked for holds it.
                key = order == Order.Offset ? line.Offset : line.Timestamp.Ticks + 1;
                return true;
            }

            start = Position;
        }

        key = 0;
        return false;
    }

    /// <summary>Goes behind the next newline. False when there is none before <paramref name="high"/>.</summary>
    private bool SkipLine(long high)
    {
        while (Position < high)
        {
            ReadOnlySpan<byte> bytes = Buffered();
            int newline = bytes.IndexOf((byte)'\n');
            Position += newline < 0 ? bytes.Length : newline + 1;
            if (newline >= 0)
            {
                return true;
            }

            if (bytes.IsEmpty)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>The line at <see cref="Position"/>, without its newline. False when it has none yet, or is not ours by its length.</summary>
    private bool TryLine(long end, out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            ReadOnlySpan<byte> bytes = Buffered();
            int newline = bytes.IndexOf((byte)'\n');
            if (newline >= 0)
            {
                line = bytes[..newline];
                Position += newline + 1;
                return true;
            }

            if (Position + bytes.Length >= end)
            {
                line = default;
                return false;
            }

            if (bytes.Length >= MaxLine)
            {
                // Given as a line that is nobody's; the next one begins behind its newline.
                line = default;
                return SkipLine(end);
            }

            int had = bytes.Length;
            Fill(Math.Max(_buffer.Length, had * 2));
            if (_buffered <= had)
            {
                // Cut off meanwhile: nobody who may does that.
                line = default;
                return false;
            }
        }
    }

    /// <summary>What is in memory from <see cref="Position"/> on; at least one byte, unless the file ends there.</summary>
    private ReadOnlySpan<byte> Buffered()
    {
        if (Position < _bufferAt || Position >= _bufferAt + _buffered)
        {
            Fill(_buffer.Length);
        }

        int skip = (int)(Position - _bufferAt);
        return _buffer.AsSpan(skip, _buffered - skip);
    }

    private void Fill(int size)
    {
        if (size > _buffer.Length)
        {
            _buffer = new byte[size];
        }

        _bufferAt = Position;
        int wanted = (int)Math.Clamp(_length - Position, 0, _buffer.Length);
        _buffered = RandomAccess.Read(_file, _buffer.AsSpan(0, wanted), Position);
    }

    public void Dispose() => _file.Dispose();
}
