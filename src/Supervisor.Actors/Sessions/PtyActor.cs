using Akka.Actor;
using Akka.Event;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// Holds the connection to a session's keeper: starts the keeper or joins it again, passes on what the runner wants, and tells the runner the
/// facts. That a connection ends means nothing but to connect again; that the lock is free means that the session is over.
/// </summary>
internal sealed class PtyActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan KeeperStartTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan HelloTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] RetryTimes =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly SessionId _id;
    private readonly SessionsContext _daemon;
    private readonly SessionPlace _place;
    private readonly IActorRef _ends;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private KeeperConnection? _connection;
    private KeeperProcess? _keeper;
    private int? _begin;
    private int? _replace;
    private PtyProtocol.Note? _note;
    private (int Attempt, long DueBootMs)? _wait;
    private (bool Wanted, string? Reason) _close;
    private int _current = 1;
    private int _generation;
    private int _failures;
    private bool _byPolicy;
    private bool _busy;
    private bool _over;

    /// <param name="id">The session.</param>
    /// <param name="daemon">What all share.</param>
    /// <param name="ends">Told how far the transcript goes.</param>
    public PtyActor(SessionId id, SessionsContext daemon, IActorRef ends)
    {
        (_id, _daemon, _place, _ends) = (id, daemon, new SessionPlace(daemon.Root, id), ends);
        Receive<PtyProtocol.Create>(OnCreate);
        Receive<PtyProtocol.Join>(OnJoin);
        Receive<PtyProtocol.Replace>(OnReplace);
        Receive<PtyProtocol.NoReplace>(_ => _replace = null);
        Receive<PtyProtocol.Note>(OnNote);
        Receive<PtyProtocol.Wait>(OnWait);
        Receive<PtyProtocol.Close>(OnClose);
        Receive<KeeperStarted>(OnKeeperStarted);
        Receive<Connected>(OnConnected);
        Receive<Absent>(OnAbsent);
        Receive<Looked>(OnLooked);
        Receive<PtyProtocol.Abandoned>(OnAbandoned);
        Receive<Frame>(OnFrame);
        Receive<Closed>(OnClosed);
        Receive<Retry>(_ => Connect());
        Receive<Reap>(_ => ReapKeeper());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SessionId id, SessionsContext daemon, IActorRef ends) => Akka.Actor.Props.Create(() => new PtyActor(id, daemon, ends));

    protected override void PostStop()
    {
        _connection?.Dispose();
        base.PostStop();
    }

    private void OnCreate(PtyProtocol.Create message)
    {
        _begin = 1;
        StartKeeper("", message.Spec.ToLine());
    }

    private void OnJoin(PtyProtocol.Join message)
    {
        (_begin, _current, _byPolicy, _over, _wait) = (message.Begin, message.Current, message.ByPolicy, false, null);
        if (_connection is not null)
        {
            Begin();
        }
        else
        {
            Connect();
        }
    }

    private void OnReplace(PtyProtocol.Replace message)
    {
        _replace = message.Next;
        if (_connection is not null)
        {
            SendReplace();
        }
    }

    private void OnWait(PtyProtocol.Wait message)
    {
        _wait = (message.Attempt, _daemon.BootTime() + (long)message.Left.TotalMilliseconds);
        if (_connection is not null)
        {
            SendWait();
        }
    }

    private void OnClose(PtyProtocol.Close message)
    {
        // Nothing is to be begun any more.
        (_close, _over, _begin, _replace, _wait) = ((true, message.Reason), false, null, null, null);
        if (_connection is not null)
        {
            SendClose();
        }
        else
        {
            Connect();
        }
    }

    private void StartKeeper(string id, byte[] spec)
    {
        _busy = true;
        string program = _daemon.KeeperProgram;
        string state = _daemon.Root.Path;
        SessionPlace place = _place;
        _ = Task.Run(() =>
            {
                if (id.Length > 0)
                {
                    place.EndSurvivors();
                }

                return KeeperProcess.Start(program, state, id, spec, KeeperStartTime);
            })
            .PipeTo(Self, success: process => new KeeperStarted(process, null), failure: e => new KeeperStarted(null, e));
    }

    private void OnKeeperStarted(KeeperStarted message)
    {
        _busy = false;
        if (message.Process is { } process)
        {
            _keeper = process;
            Connect();
            return;
        }

        // Somebody else's keeper, an older daemon's perhaps, was faster.
        if (message.Failure is SupException { Code: ErrorCode.SessionLive } && ++_failures < RetryTimes.Length)
        {
            Again();
            return;
        }

        SupException failure = message.Failure as SupException
            ?? new SupException(ErrorCode.Internal, ExitCode.Failure, message.Failure!.Message, inner: message.Failure);
        Context.Parent.Tell(new PtyProtocol.NoKeeper(failure.Code, failure.Message));
    }

    private void Connect()
    {
        if (_busy || _over || _connection is not null)
        {
            return;
        }

        _busy = true;
        long epoch = _daemon.Epoch;
        SessionPlace place = _place;
        _ = ConnectAsync().PipeTo(Self, failure: e => new Absent(e));

        async Task<object> ConnectAsync()
        {
            using CancellationTokenSource time = new(HelloTime);
            using SessionFiles? files = await Task.Run(place.Open).ConfigureAwait(false);
            KeeperConnection? connection = files is null ? null : await KeeperConnection.OpenAsync(files, epoch, time.Token).ConfigureAwait(false);
            return connection is null ? new Absent(null) : new Connected(connection);
        }
    }

    private void OnConnected(Connected message)
    {
        (_busy, _failures) = (false, 0);
        _connection = message.Connection;
        int generation = ++_generation;
        IActorRef self = Self;
        _ = _connection.ReadAllAsync(frame => self.Tell(new Frame(generation, frame)))
            .ContinueWith(_ => self.Tell(new Closed(generation)), TaskScheduler.Default);
        Send(new LiveMessage { Type = LiveMessageType.Follow });
        if (_connection.Hello.End is { } end)
        {
            _ends.Tell(new LogStreamProtocol.EndIsNow(end));
        }

        SendNote();
        int last = _connection.Hello.Attempt ?? 0;
        if (_begin is null && last > 0)
        {
            // A repeat of what was begun is answered with how it is.
            _begin = last;
        }

        Begin();
    }

    private void Begin()
    {
        if (_begin is { } attempt)
        {
            _begin = null;
            _current = attempt;
            Send(new LiveMessage { Type = LiveMessageType.Start, Id = attempt, Attempt = attempt });
        }

        if (_replace is not null)
        {
            SendReplace();
        }

        SendWait();
        SendClose();
    }

    private void SendWait()
    {
        if (_wait is { } wait)
        {
            Send(new LiveMessage { Type = LiveMessageType.Backoff, Id = 0, Attempt = wait.Attempt, DueMs = Math.Max(0, wait.DueBootMs - _daemon.BootTime()) });
        }
    }

    private void SendClose()
    {
        if (_close.Wanted)
        {
            Send(new LiveMessage { Type = LiveMessageType.Close, Id = 0, EndReason = _close.Reason });
        }
    }

    private void SendReplace()
    {
        // The keeper itself does not do it twice either.
        Send(new LiveMessage { Type = LiveMessageType.Stop, Id = 0, Then = _replace });
        _replace = null;
    }

    private void OnNote(PtyProtocol.Note message)
    {
        _note = message;
        if (_connection is not null)
        {
            SendNote();
        }
    }

    private void SendNote()
    {
        // An owner of an older version has no use for it.
        if (_note is { } note && _connection!.Hello.Protocol >= LiveProtocol.WithNotes)
        {
            Send(new LiveMessage { Type = LiveMessageType.Note, State = (note.IsIdle ? SessionState.Idle : SessionState.Running).Word() });
        }

        _note = null;
    }

    private void Send(LiveMessage message)
    {
        if (!_connection!.Send(message))
        {
            // Its end is on its way to us.
            _begin ??= message.Type is LiveMessageType.Start ? message.Attempt : null;
            _replace ??= message.Then;
        }
    }

    private void OnFrame(Frame message)
    {
        LiveMessage frame = message.Message;
        if (message.Generation != _generation)
        {
            return;
        }

        switch (frame.Type)
        {
            case LiveMessageType.End when frame.End is { } end:
                _ends.Tell(new LogStreamProtocol.EndIsNow(end));
                break;
            case LiveMessageType.Attempt or LiveMessageType.Ended when frame.Attempt is { } attempt:
                bool ended = frame.Type is LiveMessageType.Ended || frame.End is not null || frame.Code is not null || frame.EndedAgoMs is not null;
                _current = Math.Max(_current, attempt);
                Context.Parent.Tell(new PtyProtocol.Told(
                    new AttemptFact(attempt, frame.Pid, frame.PidStartTime, ended, frame.ExitCode, frame.Signal, frame.UptimeMs, frame.EndedAgoMs), frame.Code, frame.Message));
                break;
            case LiveMessageType.Error:
                _log.Warning("session {0}: its keeper refuses: {1}", _id, frame.Message);
                if (frame is { Id: > 0, Code: ErrorCode.Internal })
                {
                    Context.Parent.Tell(new PtyProtocol.NoKeeper(frame.Code, frame.Message ?? ""));
                }

                break;
            default:
                break;
        }
    }

    private void OnClosed(Closed message)
    {
        if (message.Generation == _generation)
        {
            _connection?.Dispose();
            _connection = null;
            Connect();
        }
    }

    /// <summary>Nobody answered: it has ended, has died, is stopped, or has not begun to listen.</summary>
    private void OnAbsent(Absent message)
    {
        SessionPlace place = _place;
        int current = _current;
        int? begin = _begin;
        DateTime now = _daemon.Now;
        (bool close, string? reason) = _close;
        bool byPolicy = _byPolicy;
        _ = Task.Run<object>(() =>
        {
            using SessionFiles? files = place.Open();
            if (files is not null && files.IsOwned())
            {
                return new Looked(null, NeedsKeeper: false, current);
            }

            // An attempt that was decided on and never claimed is begun now; one that was claimed is not begun again.
            bool unclaimed = begin is { } attempt && files is not null && files.ReadAttempt(attempt) is null && files.ReadBytes(Artifact.Spec) is not null
                && !(byPolicy && files.Has(Artifact.StopRequested))
                && !(files.ReadFinal(files.ReadMeta()) is { } written && (byPolicy || written.Attempt >= attempt));
            return unclaimed ? new Looked(null, NeedsKeeper: true, current)
                : !close && files is not null && SessionPlace.Abandoned(files) is { } abandoned ? abandoned
                : new Looked(place.End(current, now, reason), NeedsKeeper: false, current);
        }).PipeTo(Self, failure: e => new Looked(null, NeedsKeeper: false, current));
        if (message.Failure is { } failure && _failures == 0)
        {
            _log.Warning("session {0}: its owner does not answer: {1}", _id, failure.Message);
        }
    }

    private void OnLooked(Looked message)
    {
        _busy = false;
        if (message.Final is { } final && message.Current == _current)
        {
            (_over, _close) = (true, default);
            ReapKeeper();
            Context.Parent.Tell(new PtyProtocol.Over(final));
        }
        else if (message.NeedsKeeper)
        {
            StartKeeper(_id.Value, []);
        }
        else
        {
            _failures++;
            Again();
        }
    }

    private void OnAbandoned(PtyProtocol.Abandoned message)
    {
        _busy = false;
        if (_close.Wanted || _begin > message.Last.Attempt)
        {
            // The runner has made up its mind meanwhile.
            Connect();
            return;
        }

        _over = true;
        ReapKeeper();
        Context.Parent.Tell(message);
    }

    private void Again() => Timers.StartSingleTimer(nameof(Retry), Retry.Instance, RetryTimes[Math.Min(_failures, RetryTimes.Length - 1)]);

    private void ReapKeeper()
    {
        if (_keeper?.TryReap() == false)
        {
            Timers.StartSingleTimer(nameof(Reap), Reap.Instance, TimeSpan.FromMilliseconds(20));
        }
        else
        {
            _keeper = null;
        }
    }

    private sealed record KeeperStarted(KeeperProcess? Process, Exception? Failure);

    private sealed record Connected(KeeperConnection Connection);

    private sealed record Absent(Exception? Failure);

    /// <param name="Final">How it ended; null when it has an owner, or needs one.</param>
    /// <param name="NeedsKeeper">An attempt was decided on, and nobody has claimed it.</param>
    /// <param name="Current">The attempt that was known when it was looked at; what is older by now is looked at again.</param>
    private sealed record Looked(SessionFinal? Final, bool NeedsKeeper, int Current);

    private sealed record Frame(int Generation, LiveMessage Message);

    private sealed record Closed(int Generation);

    private sealed record Retry
    {
        public static Retry Instance { get; } = new();
    }

    private sealed record Reap
    {
        public static Reap Instance { get; } = new();
    }
}
