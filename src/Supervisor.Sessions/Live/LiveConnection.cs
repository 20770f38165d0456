using System.Diagnostics;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>A connection to the owner of a live session. Every call has a deadline: an owner may be stopped.</summary>
public sealed class LiveConnection : IDisposable
{
    private const int RetryMilliseconds = 2;

    private readonly FrameBuffer _frames = new();
    private long _lastId;

    private LiveConnection(int fd) => Fd = fd;

    /// <summary>Readable when the owner has something to say, or is gone.</summary>
    internal int Fd { get; }

    /// <summary>How far the transcript can be read, as far as the owner has told.</summary>
    public long End { get; private set; }

    /// <summary>Whether the owner has closed the connection: the session has ended, or the owner is dead.</summary>
    public bool IsClosed { get; private set; }

    /// <param name="files">The session.</param>
    /// <param name="role">What for; told to the owner.</param>
    /// <param name="deadline">How long the owner may take to answer.</param>
    /// <returns>Null when no owner answers in that time.</returns>
    /// <exception cref="SupException">The owner speaks another version of the protocol.</exception>
    public static LiveConnection? TryOpen(SessionFiles files, string role, TimeSpan deadline)
    {
        ArgumentNullException.ThrowIfNull(files);
        long started = Stopwatch.GetTimestamp();
        int fd;
        while ((fd = files.ConnectLive()) == -Errno.EAGAIN && Stopwatch.GetElapsedTime(started) < deadline)
        {
            // Hundreds at once; the owner takes them one by one.
            Thread.Sleep(RetryMilliseconds);
        }

        if (fd < 0)
        {
            return null;
        }

        LiveConnection connection = new(fd);
        LiveMessage hello = new()
        {
            Type = LiveMessageType.Hello,
            ProtocolMin = LiveProtocol.Min,
            ProtocolMax = LiveProtocol.Max,
            Role = role,
        };
        if (UnixSocket.IsSameUser(fd) && connection.Send(hello))
        {
            LiveMessage? answer = connection.Receive(deadline - Stopwatch.GetElapsedTime(started));
            if (answer is { Type: LiveMessageType.Hello, End: { } end })
            {
                connection.End = end;
                return connection;
            }

            if (answer is { Code: ErrorCode.VersionSkew })
            {
                connection.Dispose();
                throw new SupException(
                    ErrorCode.VersionSkew,
                    ExitCode.Failure,
                    $"cannot talk to the owner of session {files.Id}: {Printable.Line(answer.Message ?? "")}",
                    "use the version of sup that started it");
            }
        }

        connection.Dispose();
        return null;
    }

    /// <summary>Asks to be told how far the transcript goes, from now on. False when the owner is gone.</summary>
    public bool Follow() => Send(new LiveMessage { Type = LiveMessageType.Follow });

    /// <summary>Takes in what the owner has said, without waiting.</summary>
    public void Update()
    {
        while (!IsClosed && Next() is { } message)
        {
            Note(message);
        }
    }

    /// <summary>One request and its answer.</summary>
    /// <returns>Null when the owner is gone or the time ran out.</returns>
    public LiveMessage? Ask(LiveMessage request, TimeSpan deadline)
    {
        ArgumentNullException.ThrowIfNull(request);
        long started = Stopwatch.GetTimestamp();
        long id = ++_lastId;
        if (!Send(request with { Id = id }))
        {
            return null;
        }

        while (Receive(deadline - Stopwatch.GetElapsedTime(started)) is { } message)
        {
            if (message.Id == id)
            {
                return message;
            }

            Note(message);
        }

        return null;
    }

    private void Note(LiveMessage message) =>
        End = message is { Type: LiveMessageType.End, End: { } end } ? end : End;

    /// <summary>Small frames, and few: an owner that has left its buffer full is as good as gone.</summary>
    private bool Send(LiveMessage message)
    {
        byte[] frame = FrameBuffer.Frame(message);
        IsClosed |= UnixSocket.Send(Fd, frame) != frame.Length;
        return !IsClosed;
    }

    private LiveMessage? Receive(TimeSpan wait)
    {
        long started = Stopwatch.GetTimestamp();
        while (!IsClosed)
        {
            if (Next() is { } message)
            {
                return message;
            }

            int left = (int)Math.Ceiling((wait - Stopwatch.GetElapsedTime(started)).TotalMilliseconds);
            if (IsClosed || left <= 0 || !Io.WaitFor(Fd, Libc.POLLIN, left))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>The next message that is there; null when there is none, or the connection has ended.</summary>
    private LiveMessage? Next()
    {
        LiveMessage? message;
        if (!_frames.TryTake(out message))
        {
            IsClosed |= !_frames.Fill(Fd);
            if (!_frames.TryTake(out message))
            {
                return null;
            }
        }

        IsClosed |= message is null;
        return message;
    }

    public void Dispose() => Libc.close(Fd);
}
