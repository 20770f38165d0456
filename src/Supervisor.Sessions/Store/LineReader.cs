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
    private int _searched;
    private bool _tooLong;

    /// <summary>The file position behind the last line given.</summary>
    public long Position { get; private set; }

    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            int newline = _buffer.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
            if (newline < 0)
            {
                _searched = _end;
                if (!Fill())
                {
                    line = default;
                    return false;
                }

                continue;
            }

            int end = _searched + newline;
            line = _buffer.AsSpan(_start, end - _start);
            Position += end + 1 - _start;
            _start = end + 1;
            _searched = _start;
            if (!_tooLong)
            {
                return true;
            }

            _tooLong = false;
        }
    }

    private bool Fill()
    {
        if (_end - _start >= MaxLine)
        {
            _tooLong = true;
        }

        if (_tooLong)
        {
            Position += _end - _start;
            _start = _end;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _searched -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int n = source.Read(_buffer, _end, _buffer.Length - _end);
        _end += n;
        return n > 0;
    }
}
