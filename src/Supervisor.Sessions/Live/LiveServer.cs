using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// The owner's side of a session's live socket, on a thread of its own: tells followers how far the transcript goes, and passes
/// on what is asked of the owner. Nobody at the other end can hold the command: nothing here is waited for, and a
/// follower that does not read is told less.
/// </summary>
internal sealed unsafe class LiveServer : IDisposable
{
    /// <summary>
    /// A steady stream is told of this often, less often the more there are to tell; the first bytes after a quiet time at once.
    /// </summary>
    private const int ShortestInterval = 2, LongestInterval = 8, PeersPerMillisecond = 25;

    /// <summary>The daemon shows nobody a byte; it follows each session there is, and is told less often.</summary>
    private const int DaemonInterval = 50;

    /// <summary>How long nobody new is let in when there are no descriptors left.</summary>
    private const int FullMilliseconds = 100;

    /// <summary>A disk that hangs can hold a rename, and with it this thread; the process ends all the same.</summary>
    private const int EndMilliseconds = 100;

    private readonly ILiveOwner _owner;
    private readonly StoredEnd _end;
    private readonly int _listener;
    private readonly string _sessionId;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<PendingAnswer> _answers = new();
    private readonly List<LivePeer> _peers = [];
    private Thread? _thread;
    private PollFd* _fds;
    private int _capacity;
    private long _listenAgain;
    private long _toldAt;
    private volatile bool _stopped;

    /// <param name="listener">From <see cref="UnixSocket.Listen"/>; becomes this object's.</param>
    /// <param name="sessionId">Named in the hello.</param>
    /// <param name="end">How far the transcript is stored.</param>
    /// <param name="owner">Who answers.</param>
    public LiveServer(int listener, string sessionId, StoredEnd end, ILiveOwner owner)
    {
        (_listener, _sessionId, _end, _owner) = (listener, sessionId, end, owner);
    }

    public void Start() => _thread = SmallThread.Start("live", Run);

    private static long Now => Environment.TickCount64;

    private long QuietUntil => _toldAt + Math.Clamp(_peers.Count / PeersPerMillisecond, ShortestInterval, LongestInterval);

    private void Run()
    {
        while (!_stopped)
        {
            int count = Prepare();
            Io.Poll(_fds, count, Timeout());
            if (_fds[0].Returned != 0)
            {
                _wake.Clear();
            }

            Answer();
            for (int i = 2; i < count; i++)
            {
                Serve(_peers[i - 2], _fds[i].Returned);
            }

            if (_fds[1].Returned != 0)
            {
                Accept();
            }

            TellEnd();
            Drop();
        }

        _peers.ForEach(p => p.Dispose());
        NativeMemory.Free(_fds);
        Libc.close(_listener);
    }

    private int Prepare()
    {
        int count = _peers.Count + 2;
        if (count > _capacity)
        {
            _capacity = count * 2;
            _fds = (PollFd*)NativeMemory.Realloc(_fds, (nuint)(_capacity * sizeof(PollFd)));
        }

        _fds[0] = new PollFd { Fd = _wake.Fd, Events = Libc.POLLIN };
        _fds[1] = new PollFd { Fd = Now >= _listenAgain ? _listener : -1, Events = Libc.POLLIN };
        for (int i = 0; i < _peers.Count; i++)
        {
            short events = (short)(Libc.POLLIN | (_peers[i].HasUnsent ? Libc.POLLOUT : 0));
            _fds[i + 2] = new PollFd { Fd = _peers[i].Fd, Events = events };
        }

        return count;
    }

    /// <summary>Until the next thing that is due by the clock.</summary>
    private int Timeout()
    {
        long now = Now;
        long due = long.MaxValue;
        bool follows = false;
        long told = long.MaxValue;
        foreach (LivePeer peer in _peers)
        {
            due = Math.Min(due, peer.Deadline ?? long.MaxValue);
            if (peer is { Follows: true, HasUnsent: false })
            {
                long again = TellAgain(peer);
                if (now < again)
                {
                    due = Math.Min(due, again);
                }
                else
                {
                    follows = true;
                    told = Math.Min(told, peer.ToldEnd);
                }
            }
        }

        if (_listenAgain > now)
        {
            due = Math.Min(due, _listenAgain);
        }

        if (follows && !_end.WakeBeyond(told, _wake))
        {
            due = now;
        }

        return due == long.MaxValue ? Io.Forever : (int)Math.Clamp(due - now, 0, int.MaxValue);
    }

    private void Serve(LivePeer peer, short returned)
    {
        if ((returned & Libc.POLLOUT) != 0)
        {
            peer.Flush();
        }

        if ((returned & ~Libc.POLLOUT) != 0)
        {
            peer.Receive(Now, Handle);
        }
    }

    private void Handle(LivePeer peer, LiveMessage message)
    {
        switch (message.Type)
        {
            case LiveMessageType.Hello:
                Greet(peer, message);
                break;
            case LiveMessageType.Follow:
                peer.Follows = true;
                break;
            case LiveMessageType.Status:
                LiveMessage status = _owner.Status();
                peer.Send(status with
                {
                    Type = LiveMessageType.Status,
                    Id = message.Id,
                    Session = _sessionId,
                    End = _end.Value,
                    Connections = _peers.Count,
                    WaitingFor = status.WaitingFor is not null && _peers.Exists(p => p is { IsDaemon: true, IsOver: false }) ? null : status.WaitingFor,
                });
                break;
            case LiveMessageType.Signal or LiveMessageType.Stop or LiveMessageType.Rename or LiveMessageType.Input or LiveMessageType.Resize
                or LiveMessageType.Start or LiveMessageType.Close or LiveMessageType.Backoff or LiveMessageType.Note:
                _owner.Handle(message with { Role = peer.Role, Epoch = peer.Epoch }, answer =>
                {
                    _answers.Enqueue(new PendingAnswer(peer, answer with { Id = message.Id }));
                    _wake.Set();
                });
                break;
            default:
                peer.Send(new LiveMessage
                {
                    Type = LiveMessageType.Error,
                    Id = message.Id,
                    Code = ErrorCode.InvalidArgument,
                    Message = "unknown type of message",
                });
                break;
        }
    }

    private void Greet(LivePeer peer, LiveMessage hello)
    {
        if (LiveProtocol.Choose(hello.ProtocolMin, hello.ProtocolMax) is not { } version)
        {
            peer.Refuse(ErrorCode.VersionSkew, $"this owner speaks protocol {LiveProtocol.Min} to {LiveProtocol.Max}");
            return;
        }

        (peer.Role, peer.Epoch) = (hello.Role, hello.Epoch);
        if (peer.IsDaemon)
        {
            foreach (LivePeer other in _peers)
            {
                if (other.IsDaemon && other.Epoch < peer.Epoch)
                {
                    other.Refuse(ErrorCode.Superseded, "another daemon has taken over");
                }
            }
        }

        peer.Send(_owner.Greet(hello, new LiveMessage
        {
            Type = LiveMessageType.Hello,
            Protocol = version,
            Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3),
            Session = _sessionId,
            End = _end.Value,
        }));
    }

    /// <summary>Tells the daemon something, when it is connected. May be called on any thread.</summary>
    public void TellDaemon(LiveMessage news)
    {
        _answers.Enqueue(new PendingAnswer(null, news));
        _wake.Set();
    }

    private void Accept()
    {
        while (true)
        {
            int fd = UnixSocket.Accept(_listener);
            if (fd >= 0 && UnixSocket.IsSameUser(fd))
            {
                _peers.Add(new LivePeer(fd, Now));
            }
            else if (fd >= 0)
            {
                Libc.close(fd);
            }
            else
            {
                // Out of descriptors or memory: those who are connected go on, the others wait.
                _listenAgain = fd is -Errno.EAGAIN or -Errno.ECONNABORTED ? 0 : Now + FullMilliseconds;
                return;
            }
        }
    }

    private void Answer()
    {
        while (_answers.TryDequeue(out PendingAnswer? next))
        {
            foreach (LivePeer peer in _peers)
            {
                if (next.Peer is null ? peer is { IsDaemon: true, IsOver: false } : peer == next.Peer)
                {
                    peer.Send(next.Answer);
                }
            }
        }
    }

    private void TellEnd()
    {
        long now = Now;
        long end = _end.Value;
        LiveMessage? message = null;
        bool toldViewers = false;
        foreach (LivePeer peer in _peers)
        {
            if (peer is { Follows: true, HasUnsent: false, IsOver: false } && peer.ToldEnd != end && now >= TellAgain(peer))
            {
                message ??= new LiveMessage { Type = LiveMessageType.End, End = end };
                (peer.ToldEnd, peer.ToldAt) = (end, now);
                peer.Send(message);
                toldViewers |= !peer.IsDaemon;
            }
        }

        _toldAt = toldViewers ? now : _toldAt;
    }

    private long TellAgain(LivePeer peer) => peer.IsDaemon ? peer.ToldAt + DaemonInterval : QuietUntil;

    private void Drop()
    {
        long now = Now;
        for (int i = _peers.Count - 1; i >= 0; i--)
        {
            if (_peers[i].IsOver || _peers[i].Deadline <= now)
            {
                _peers[i].Dispose();
                _peers.RemoveAt(i);
            }
        }
    }

    /// <summary>Lets everybody go; to be called when the session's end has been written down.</summary>
    public void Dispose()
    {
        _stopped = true;
        _wake.Set();
        if (_thread?.Join(EndMilliseconds) == true)
        {
            _wake.Dispose();
        }
    }

    /// <param name="Peer">Null: every connection of the daemon.</param>
    /// <param name="Answer">What to send.</param>
    private sealed record PendingAnswer(LivePeer? Peer, LiveMessage Answer);
}
