using Supervisor.Sessions.Native;

namespace Supervisor.Mcp.Transport;

/// <summary>
/// Standard output as whole messages: what is written is kept until it is flushed, and then written at once. Threads may flush
/// and write lines at the same time; no line is torn.
/// </summary>
internal sealed class StdoutLines : WriteOnlyStream
{
    private const int Stdout = 1;

    /// <summary>A larger buffer, needed once, is not kept.</summary>
    private const int KeptBytes = 256 * 1024;

    private readonly Lock _writing = new();
    private readonly Action _lost;
    private byte[] _buffer = new byte[4096];
    private int _length;
    private int _over;

    /// <summary>How many requests are over: answered, or given up by the client.</summary>
    public int Over => Volatile.Read(ref _over);

    /// <summary>When a request was last answered (<see cref="System.Diagnostics.Stopwatch"/>); null when none was yet.</summary>
    public long? LastAnswered { get; private set; }

    /// <param name="lost">Called when nobody reads any more.</param>
    public StdoutLines(Action lost) => _lost = lost;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_buffer.Length - _length < buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + buffer.Length));
        }

        buffer.CopyTo(_buffer.AsSpan(_length));
        _length += buffer.Length;
    }

    public override void Flush()
    {
        ReadOnlySpan<byte> message = _buffer.AsSpan(0, _length);
        WriteLine(message);
        if (Envelope.Of(message, isForeign: false).IsAnswer)
        {
            Interlocked.Increment(ref _over);
            LastAnswered = System.Diagnostics.Stopwatch.GetTimestamp();
        }

        _length = 0;
        if (_buffer.Length > KeptBytes)
        {
            _buffer = new byte[4096];
        }
    }

    /// <summary>A request will not be answered.</summary>
    public void GivenUp() => Interlocked.Increment(ref _over);

    /// <summary>Writes what is a line of its own, its newline included.</summary>
    public void WriteLine(ReadOnlySpan<byte> line)
    {
        lock (_writing)
        {
            if (Io.WriteAll(Stdout, line) != 0)
            {
                _lost();
            }
        }
    }
}
