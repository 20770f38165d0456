using System.Buffers;
using System.Globalization;
using System.Text;

namespace Supervisor.Client.Http;

/// <summary>The body of an answer, of a known length or chunked (RFC 9112, section 7.1), to be had whole or line by line.</summary>
internal sealed class HttpBody
{
    private const int MaxChunkHead = 256;

    private readonly HttpSocket _socket;
    private readonly bool _chunked;
    private long _left;
    private bool _ended;
    private bool _inChunk;

    public HttpBody(HttpSocket socket, HttpHead head)
    {
        (_socket, _chunked, _left) = (socket, head.Length is null, head.Length ?? 0);
        _ended = head.Length == 0;
    }

    /// <summary>All of it.</summary>
    /// <exception cref="HttpFailure">It is torn, too late, or longer than <paramref name="most"/>.</exception>
    public byte[] ReadAll(int most, Deadline deadline)
    {
        ArrayBufferWriter<byte> all = new();
        while (Read(all, deadline))
        {
            if (all.WrittenCount > most)
            {
                throw new HttpFailure(HttpFault.Malformed);
            }
        }

        return all.WrittenSpan.ToArray();
    }

    /// <summary>Adds the next piece; false when there is no more.</summary>
    public bool Read(ArrayBufferWriter<byte> to, Deadline deadline)
    {
        if (_chunked && !_ended && _left == 0)
        {
            NextChunk(deadline);
        }

        if (_ended)
        {
            return false;
        }

        if (_socket.Waiting.IsEmpty && !_socket.Fill(deadline))
        {
            throw new HttpFailure(HttpFault.Closed);
        }

        int count = (int)Math.Min(_left, _socket.Waiting.Length);
        to.Write(_socket.Waiting[..count]);
        _socket.Take(count);
        _left -= count;
        _ended = !_chunked && _left == 0;
        return true;
    }

    private void NextChunk(Deadline deadline)
    {
        if (_inChunk && Line(deadline).Length != 0)
        {
            throw new HttpFailure(HttpFault.Malformed);
        }

        string size = Line(deadline).Split(';')[0].Trim();
        if (size.Length > 8 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
        {
            throw new HttpFailure(HttpFault.Malformed);
        }

        _inChunk = true;
        if (_left == 0)
        {
            // Trailers, which the daemon does not send, and the empty line.
            while (Line(deadline).Length > 0)
            {
            }

            _ended = true;
        }
    }

    private string Line(Deadline deadline)
    {
        int end;
        while ((end = _socket.Waiting.IndexOf("\r\n"u8)) < 0)
        {
            if (_socket.Waiting.Length > MaxChunkHead)
            {
                throw new HttpFailure(HttpFault.Malformed);
            }

            if (!_socket.Fill(deadline))
            {
                throw new HttpFailure(HttpFault.Closed);
            }
        }

        string line = Encoding.Latin1.GetString(_socket.Waiting[..end]);
        _socket.Take(end + 2);
        return line;
    }
}
