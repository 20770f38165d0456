using System.Buffers.Binary;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Live;

/// <summary>Puts together the frames that arrive on a live socket, in whatever pieces they come.</summary>
internal sealed class FrameBuffer
{
    private byte[] _bytes = new byte[256];
    private int _length;
    private int _start;

    /// <summary>Whether a frame has begun and is not complete.</summary>
    public bool IsPartial => _length > _start;

    /// <summary>A message as it goes over the wire.</summary>
    public static byte[] Frame(LiveMessage message)
    {
        byte[] json = message.ToJson();
        byte[] frame = new byte[LiveProtocol.HeaderBytes + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, json.Length);
        json.CopyTo(frame.AsSpan(LiveProtocol.HeaderBytes));
        return frame;
    }

    /// <summary>Reads what there is. False at the connection's end.</summary>
    public bool Fill(int fd)
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _length - _start).CopyTo(_bytes);
            (_length, _start) = (_length - _start, 0);
        }

        if (_length == _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(_bytes.Length * 2, LiveProtocol.HeaderBytes + LiveProtocol.MaxFrameBytes));
        }

        nint n = Io.Read(fd, _bytes.AsSpan(_length));
        _length += (int)Math.Max(0, n);
        return n > 0 || (n < 0 && Errno.Last == Errno.EAGAIN);
    }

    /// <summary>The next whole frame, if there is one.</summary>
    /// <param name="message">Null when that frame makes no sense.</param>
    /// <returns>False when more bytes are needed. A length beyond the limit gives true and null.</returns>
    public bool TryTake(out LiveMessage? message)
    {
        message = null;
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_start, _length - _start);
        if (rest.Length < LiveProtocol.HeaderBytes)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(rest);
        if (length is < 0 or > LiveProtocol.MaxFrameBytes)
        {
            return true;
        }

        if (rest.Length < LiveProtocol.HeaderBytes + length)
        {
            return false;
        }

        message = LiveMessage.Parse(rest.Slice(LiveProtocol.HeaderBytes, length));
        _start += LiveProtocol.HeaderBytes + length;
        return true;
    }
}
