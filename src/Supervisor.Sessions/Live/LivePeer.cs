using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Live;

/// <summary>One connection to the live socket, on the owner's side. Used by the socket's thread alone.</summary>
internal sealed class LivePeer(int fd, long now) : IDisposable
{
    /// <summary>Milliseconds a client has for its hello, and for the rest of a frame it has begun.</summary>
    public const int Patience = 2000;

    /// <summary>Answers that a client may leave unread.</summary>
    private const int MaxUnsent = 64 * 1024;

    private readonly FrameBuffer _frames = new();
    private byte[] _unsent = [];
    private long _deadline = now + Patience;

    public int Fd { get; } = fd;

    public bool SaidHello { get; private set; }

    public bool Follows { get; set; }

    /// <summary>From its hello.</summary>
    public string? Role { get; set; }

    /// <summary>From its hello.</summary>
    public long? Epoch { get; set; }

    public bool IsDaemon => string.Equals(Role, LiveProtocol.DaemonRole, StringComparison.Ordinal);

    /// <summary>The end it was told last; -1 when none.</summary>
    public long ToldEnd { get; set; } = -1;

    /// <summary>When it was told last, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long ToldAt { get; set; }

    /// <summary>Set when the connection is to end.</summary>
    public bool IsOver { get; private set; }

    public bool HasUnsent => _unsent.Length > 0;

    /// <summary>When the connection ends if nothing comes, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long? Deadline => !SaidHello || _frames.IsPartial ? _deadline : null;

    /// <summary>Reads what has come and hands over whole messages.</summary>
    public void Receive(long now, Action<LivePeer, LiveMessage> handle)
    {
        bool open = _frames.Fill(Fd);
        while (!IsOver && _frames.TryTake(out LiveMessage? message))
        {
            if (message is null)
            {
                Refuse(ErrorCode.InvalidArgument, "a frame that is no message");
            }
            else if (!SaidHello && !string.Equals(message.Type, LiveMessageType.Hello, StringComparison.Ordinal))
            {
                Refuse(ErrorCode.InvalidArgument, "the first frame must be a hello");
            }
            else
            {
                SaidHello = true;
                handle(this, message);
            }

            _deadline = now + Patience;
        }

        IsOver |= !open;
    }

    public void Send(LiveMessage message)
    {
        byte[] frame = FrameBuffer.Frame(message);
        if (_unsent.Length + frame.Length > MaxUnsent)
        {
            // It asks and does not listen.
            IsOver = true;
            return;
        }

        _unsent = HasUnsent ? [.. _unsent, .. frame] : frame;
        Flush();
    }

    /// <summary>Sends an error and ends the connection.</summary>
    public void Refuse(string code, string message)
    {
        Send(new LiveMessage { Type = LiveMessageType.Error, Code = code, Message = message });
        IsOver = true;
    }

    public void Flush()
    {
        int n = UnixSocket.Send(Fd, _unsent);
        if (n >= 0)
        {
            _unsent = n == _unsent.Length ? [] : _unsent[n..];
        }
        else if (n != -Errno.EAGAIN)
        {
            IsOver = true;
        }
    }

    public void Dispose() => Libc.close(Fd);
}
