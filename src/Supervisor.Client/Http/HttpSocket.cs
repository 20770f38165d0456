using Supervisor.Sessions.Native;

namespace Supervisor.Client.Http;

/// <summary>A connected non-blocking socket, read through a buffer. Every wait has a deadline.</summary>
internal sealed class HttpSocket(int fd) : IDisposable
{
    private byte[] _buffer = new byte[8 * 1024];
    private int _start;
    private int _end;
    private bool _closed;

    /// <summary>What has come and was not taken yet.</summary>
    public ReadOnlySpan<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    public void Take(int count) => _start += count;

    /// <summary>Waits for more; false at the end of the connection.</summary>
    /// <exception cref="HttpFailure">The deadline has passed.</exception>
    public bool Fill(Deadline deadline)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        while (!_closed)
        {
            nint n = Io.Read(fd, _buffer.AsSpan(_end));
            if (n > 0)
            {
                _end += (int)n;
                return true;
            }

            if (n < 0 && Errno.Last == Errno.EAGAIN)
            {
                if (!Io.WaitFor(fd, Libc.POLLIN, deadline.Milliseconds) && deadline.HasPassed)
                {
                    throw new HttpFailure(HttpFault.TooSlow);
                }

                continue;
            }

            _closed = true;
        }

        return false;
    }

    /// <summary>Sends all of it; what the other side refuses to read is not an error, as it may have answered already.</summary>
    /// <exception cref="HttpFailure">The deadline has passed.</exception>
    public void Send(ReadOnlySpan<byte> bytes, Deadline deadline)
    {
        while (!bytes.IsEmpty)
        {
            int sent = UnixSocket.Send(fd, bytes);
            if (sent > 0)
            {
                bytes = bytes[sent..];
            }
            else if (sent != -Errno.EAGAIN)
            {
                return;
            }
            else if (!Io.WaitFor(fd, Libc.POLLOUT, deadline.Milliseconds) && deadline.HasPassed)
            {
                throw new HttpFailure(HttpFault.TooSlow);
            }
        }
    }

    public void Dispose() => Libc.close(fd);
}
