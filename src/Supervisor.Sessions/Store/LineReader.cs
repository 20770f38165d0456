namespace Supervisor.Sessions.Store;

/// <summary>
/// Complete lines of a <c>.jsonl</c> file, in a buffer of their own. A last line without its newline is torn, or being
/// written, and is left out; one longer than 1 MiB is not ours and is skipped.
/// </summary>
internal sealed class LineReader(Stream source)
{
    private const int MaxLine = 1024 * 1024;

    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The file position behind the last line given.</summary>
    public long Position { get; private set; }

    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        int searched = _start;
        while (true)
        {
            int newline = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                int end = searched + newline;
                line = _buffer.AsSpan(_start, end - _start);
                Position += end + 1 - _start;
                _start = end + 1;
                return true;
            }

            searched = _end - _start;
            if (!Fill())
            {
                line = default;
                return false;
            }

            searched = Math.Min(searched, _end);
        }
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLine)
            {
                Position += _end;
                _end = 0;
            }
            else
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }

        int n = source.Read(_buffer, _end, _buffer.Length - _end);
        _end += n;
        return n > 0;
    }
}
