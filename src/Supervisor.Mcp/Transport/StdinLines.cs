using System.Text.Json;
using System.Threading.Channels;
using Supervisor.Sessions.Native;

namespace Supervisor.Mcp.Transport;

/// <summary>
/// Standard input line by line. A line that is too long or no message is answered here (JSON-RPC 2.0, 5.1) and goes no further,
/// so that it costs neither memory nor the connection; and the end of the input is known at once, whatever is being answered.
/// </summary>
internal sealed class StdinLines : ReadOnlyStream
{
    /// <summary>Far more than any request needs.</summary>
    private const int MaxLine = 4 * 1024 * 1024;

    private const int Stdin = 0;
    private const int PieceBytes = 64 * 1024;

    /// <summary>Lines that were read and nobody has taken yet. A client that sends more waits.</summary>
    private const int Ahead = 64;

    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    private readonly StdoutLines _output;
    private readonly Action<int> _ended;
    private int _requests;
    private byte[] _line = new byte[PieceBytes];
    private int _length;
    private bool _tooLong;
    private byte[] _given = [];
    private int _at;

    /// <param name="output">Where errors go.</param>
    /// <param name="ended">Called at the end of the input, and told how many requests came.</param>
    public StdinLines(StdoutLines output, Action<int> ended)
    {
        (_output, _ended) = (output, ended);
        SmallThread.Start("stdin", ReadAll);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_at == _given.Length)
        {
            if (!_lines.Reader.TryRead(out byte[]? next))
            {
                if (!await _lines.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    // The SDK sends nothing any more once it knows of the end, not even what it was asked before.
                    await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            (_given, _at) = (next, 0);
        }

        int n = Math.Min(buffer.Length, _given.Length - _at);
        _given.AsMemory(_at, n).CopyTo(buffer);
        _at += n;
        return n;
    }

    private void ReadAll()
    {
        byte[] piece = new byte[PieceBytes];
        nint n;
        while ((n = Io.Read(Stdin, piece)) > 0)
        {
            ReadOnlySpan<byte> bytes = piece.AsSpan(0, (int)n);
            int newline;
            while ((newline = bytes.IndexOf((byte)'\n')) >= 0)
            {
                Add(bytes[..(newline + 1)]);
                Take();
                bytes = bytes[(newline + 1)..];
            }

            Add(bytes);
        }

        // The last request may have come without its newline.
        if (_length > 0)
        {
            Add("\n"u8);
            Take();
        }

        _lines.Writer.Complete();
        _ended(_requests);
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        if (_tooLong || _length + bytes.Length > MaxLine)
        {
            _tooLong = true;
            _length = 0;
            _line = _line.Length > PieceBytes ? new byte[PieceBytes] : _line;
            return;
        }

        if (_line.Length - _length < bytes.Length)
        {
            Array.Resize(ref _line, Math.Min(MaxLine, Math.Max(_line.Length * 2, _length + bytes.Length)));
        }

        bytes.CopyTo(_line.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Take()
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _length);
        if (_tooLong)
        {
            Answer("-32600", "invalid request: a line of more than 4 MiB");
        }
        else if (!line.Trim(" \t\r\n"u8).IsEmpty)
        {
            Check(line);
        }

        _length = 0;
        _tooLong = false;
    }

    private void Check(ReadOnlySpan<byte> line)
    {
        try
        {
            Envelope message = Envelope.Of(line, isForeign: true);
            if (!message.IsObject)
            {
                Answer("-32600", "invalid request: a message is one JSON object on a line");
                return;
            }

            if (!message.IsMessage)
            {
                // The SDK would not answer most of these at all, and a client would wait.
                Answer("-32600", "invalid request: not a message of JSON-RPC 2.0 with a string or an integer as its id, or half of a character in it", message.Id);
                return;
            }

            _requests += message.IsRequest ? 1 : 0;
        }
        catch (JsonException)
        {
            Answer("-32700", "parse error: the line is not valid JSON");
            return;
        }

        byte[] copy = line.ToArray();
        if (!_lines.Writer.TryWrite(copy))
        {
            _lines.Writer.WriteAsync(copy).AsTask().GetAwaiter().GetResult();
        }
    }

    private void Answer(string code, string message, ReadOnlySpan<byte> id = default) => _output.WriteLine([
        .. "{\"jsonrpc\":\"2.0\",\"id\":"u8, .. id.IsEmpty ? "null"u8 : id,
        .. System.Text.Encoding.UTF8.GetBytes($$$""","error":{"code":{{{code}}},"message":"{{{message}}}"}}""" + "\n")]);
}
