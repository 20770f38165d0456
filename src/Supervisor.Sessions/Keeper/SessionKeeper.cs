using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Keeper;

/// <summary>
/// The owner of one supervised session, for as long as that lives: holds its folder, starts its attempts when the daemon
/// says so, each at most once, records their output and their ends. It needs the daemon for nothing else, and outlives it.
/// </summary>
public sealed unsafe class SessionKeeper : IDisposable
{
    private static readonly TimeSpan Unlimited = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly SessionSpec _spec;
    private readonly TimeProvider _time;
    private readonly OwnedSession _session;
    private readonly KeeperControl _control;
    private readonly SignalReader _signals = new(Signals.Handled);
    private AttemptRecord? _last;
    private RunningAttempt? _running;
    private readonly TimeSpan? _begun;
    private TimeSpan? _startedAt;
    private TimeSpan _endedAt;
    private bool _ending;
    private bool _closed;

    /// <param name="spec">How each attempt is started.</param>
    /// <param name="claim">Its folder and name become this object's.</param>
    /// <param name="meta">The first meta.json.</param>
    /// <param name="last">The last attempt there was; null when there was none.</param>
    /// <param name="time">The clock of the files.</param>
    internal SessionKeeper(SessionSpec spec, SessionClaim claim, SessionMeta meta, AttemptRecord? last, TimeProvider time)
    {
        (_spec, _time, _last) = (spec, time, last);

        // How long a session lives is known when this process has seen all of it.
        _begun = last is null ? BootClock.Now : null;

        // Of this thread, and so of the commands it starts. Less niceness than the daemon's may not be allowed; then that stays.
        const int PRIO_PROCESS = 0;
        Libc.setpriority(PRIO_PROCESS, 0, spec.Niceness);
        _session = new OwnedSession(claim, meta);
        _session.Listen();
        _session.Record(Unlimited, time);
        _control = new KeeperControl(_session, () => _last?.Attempt ?? 0);
        _endedAt = BootClock.Now;
    }

    public string Id => _session.Meta.Id;

    internal SessionMeta Meta => _session.Meta;

    /// <summary>Lets others ask for what only a keeper can do.</summary>
    internal void GoLive() => _session.GoLive(_control);

    /// <summary>Takes a new session back before anything was begun.</summary>
    public void Discard() => _session.Discard();

    /// <summary>Keeps the session until it is over.</summary>
    public void Run()
    {
        while (!_closed)
        {
            Pass(_running?.Stop.Timeout ?? Io.Forever);
            if (_running is { } attempt)
            {
                attempt.Stop.KillIfDue(_session);
                while (_running == attempt && attempt.Terminal.NextChange() is { Change: not ChildChange.None } change)
                {
                    if (change.IsEnd)
                    {
                        End(attempt, change);
                    }
                }
            }
        }
    }

    /// <summary>Waits for whatever comes next, and does what was asked meanwhile.</summary>
    private void Pass(int milliseconds)
    {
        PollFd* fds = stackalloc PollFd[3];
        fds[0] = new PollFd { Fd = _signals.Fd, Events = Libc.POLLIN };
        fds[1] = new PollFd { Fd = _control.Wake.Fd, Events = Libc.POLLIN };
        fds[2] = new PollFd { Fd = _ending ? -1 : _running?.Terminal.ChangeFd ?? -1, Events = Libc.POLLIN };
        Io.Poll(fds, 3, milliseconds);
        while (_signals.TryRead(out _))
        {
            // A keeper ends with its session alone. What is meant for the command is sent to the command.
        }

        while (!_closed && _control.TryTake(out KeeperRequest? next))
        {
            Obey(next!.Request, next.Answer);
        }
    }

    private void Obey(LiveMessage request, Action<LiveMessage> answer)
    {
        switch (request.Type)
        {
            case LiveMessageType.Start:
                Start(request.Attempt!.Value, answer);
                break;
            case LiveMessageType.Stop when request.Then <= (_last?.Attempt ?? 0):
                // Asked for again: it was done.
                answer(Tell(_last!, null));
                break;
            case LiveMessageType.Stop when _running is null && request.Then is null:
                // Between two attempts, or before the first: no other follows.
                answer(LiveAnswer.Done);
                CloseByStop();
                break;
            case LiveMessageType.Stop when _running is null && _control.Waits:
                answer(LiveAnswer.Done);
                Start(request.Then!.Value, reply => _session.Tell(reply));
                break;
            case LiveMessageType.Stop when request.Then is not null && _running is { Stop.WasAsked: true } stopped && stopped.Next != request.Then:
                answer(LiveAnswer.Error(ErrorCode.SessionEnded, "it is being stopped"));
                break;
            case LiveMessageType.Backoff:
                if (_control.Waits && request.Attempt == _last!.Attempt + 1)
                {
                    _control.WaitUntil(Now + TimeSpan.FromMilliseconds(request.DueMs!.Value));
                }

                break;
            case LiveMessageType.Stop when _running is null:
            case LiveMessageType.Signal when _running is null:
            case LiveMessageType.Note when _running is null:
                answer(LiveAnswer.Error(ErrorCode.SessionEnded, "no command runs"));
                break;
            case LiveMessageType.Signal:
                _running!.Terminal.Signal(NumberOf(request.Signal));
                answer(LiveAnswer.Done);
                break;
            case LiveMessageType.Stop:
                _running!.Next = request.Then;
                _running.Stop.Begin(NumberOf(request.Signal ?? _spec.StopSignal), TimeSpan.FromMilliseconds(request.GraceMs ?? _spec.StopTimeoutMs));
                answer(LiveAnswer.Done);
                break;
            case LiveMessageType.Note:
                SilenceNote.Append(_session, request);
                answer(LiveAnswer.Done);
                break;
            case LiveMessageType.Close when _running is not null:
                answer(LiveAnswer.Error(ErrorCode.SessionLive, "its command runs"));
                break;
            default:
                answer(LiveAnswer.Done);
                if (request.EndReason is SessionEnding.UserStop)
                {
                    CloseByStop();
                }
                else
                {
                    Close(SessionEnding.StateOf(_last), request.EndReason, []);
                }
                break;
        }
    }

    private static int NumberOf(string? signal) => SignalName.TryParse(signal, out int number) ? number : Signals.SIGTERM;

    /// <summary>Begins attempt <paramref name="number"/>, or says how it went: no number is ever started twice.</summary>
    private void Start(int number, Action<LiveMessage> answer)
    {
        if (number <= (_last?.Attempt ?? 0))
        {
            AttemptRecord? known = number == _last!.Attempt
                ? _last
                : AttemptRecord.Read(_session.Folder!.ReadSmall(FileOf(number)) ?? []);
            answer(known is null ? LiveAnswer.Error(ErrorCode.Internal, $"attempt {number} was begun, but its file cannot be read") : Tell(known, null));
            return;
        }

        if (_running is not null)
        {
            answer(LiveAnswer.Error(ErrorCode.SessionLive, "its command runs"));
            return;
        }

        if (IsStopRequested)
        {
            answer(LiveAnswer.Error(ErrorCode.SessionEnded, "it was to be stopped while its keeper hung"));
            Close(SessionEnding.StateOf(_last), SessionEnding.UserStop, []);
            return;
        }

        AttemptRecord attempt = new()
        {
            Attempt = number,
            ClaimedAt = Now,
            BootId = ProcessIdentity.BootId,
            StartCursor = _session.Recorder?.Stored.Value ?? 0,
        };
        try
        {
            // Whoever dies now: this attempt is never begun again.
            if (!_session.Folder!.Claim(FileOf(number), attempt.ToLine()))
            {
                answer(LiveAnswer.Error(ErrorCode.Internal, $"attempt {number} was claimed before"));
                return;
            }
        }
        catch (IOException e)
        {
            answer(LiveAnswer.Error(ErrorCode.Internal, e.Message));
            return;
        }

        CrashPoint.Pass("after-claim");
        bool follows = _control.Waits;
        _control.StopWaiting();
        (_last, _startedAt) = (attempt, null);
        if (follows && !EndLeftOvers())
        {
            answer(LiveAnswer.Error(ErrorCode.SessionLost, "processes of the last attempt cannot be ended"));
            Close(SessionState.Lost, null, Survivors.Of(_session.Meta, _session.Folder?.Path));
        }
        else if (!_closed)
        {
            Spawn(number, answer);
        }
    }

    /// <summary>Of an attempt that ended by itself: the next is to be the only one.</summary>
    private bool EndLeftOvers() =>
        CommandStop.EndRest(_session, NumberOf(_spec.StopSignal), TimeSpan.FromMilliseconds(_spec.StopTimeoutMs), Pass);

    /// <summary>A person's stop while no command runs: what an attempt has left behind goes too.</summary>
    private void CloseByStop()
    {
        EndLeftOvers();
        if (!_closed)
        {
            Close(SessionEnding.StateOf(_last), SessionEnding.UserStop, Survivors.Of(_session.Meta, _session.Folder?.Path));
        }
    }

    /// <summary>An attempt is over, and no person wanted that: whether another follows, the daemon decides.</summary>
    private bool WaitForWord()
    {
        if (string.Equals(_spec.Restart, "no", StringComparison.Ordinal))
        {
            return false;
        }

        _control.WaitUntil(null);
        return true;
    }

    private void Spawn(int number, Action<LiveMessage> answer)
    {
        _session.Change(meta => meta with { Attempt = number, Pid = null, PidStartTime = null });
        ICommandTerminal terminal = _spec.Pty
            ? new SupervisedPty(new TerminalSize((ushort)_spec.Columns, (ushort)_spec.Rows))
            : new PipeTerminal();
        RunningAttempt attempt = new(number, terminal, _session.Recorder);
        StartFailure? failure = attempt.Start(_spec, _session.Meta);
        if (failure is not null)
        {
            attempt.Dispose();
            _last = _last! with { EndedAt = Now, EndCursor = _last.StartCursor, Error = failure.Message };
            _session.WriteMeta();
            _session.Write(FileOf(number), _last.ToLine());
            _endedAt = BootClock.Now;

            // A command that has never run is a mistake, which no further attempt mends.
            bool waits = number > 1 && WaitForWord();
            answer(Tell(_last, failure));
            if (!waits)
            {
                Close(SessionState.Failed, null, []);
            }

            return;
        }

        CrashPoint.Pass("after-spawn");
        int pid = terminal.Pid;
        _session.Recorder?.Append(new TranscriptEvent { Type = "started", Offset = 0, Timestamp = default, Attempt = number, Pid = pid });
        attempt.Begin();
        _running = attempt;
        _startedAt = BootClock.Now;
        long? startTime = ProcessIdentity.Of(pid)?.StartTime;
        _last = _last! with { Pid = pid, PidStartTime = startTime, StartedAt = Now };
        _session.Change(meta => meta with { Pid = pid, PidStartTime = startTime });
        _session.WriteMeta();
        _session.Write(FileOf(number), _last.ToLine());
        answer(Tell(_last, null));
    }

    private void End(RunningAttempt attempt, WaitStatus end)
    {
        _ending = true;
        attempt.Stop.EndRest(_session, Pass);
        attempt.Drain(Pass);
        _ending = false;
        bool stopped = attempt.Stop.WasAsked || IsStopRequested;
        IReadOnlyList<Survivor> survivors = attempt.HeldOpen || stopped ? Survivors.Of(_session.Meta, _session.Folder?.Path) : [];
        int? code = end.Change == ChildChange.Exited ? end.Value : null;
        string? signal = end.Change == ChildChange.Killed ? SignalName.Of(end.Value) : null;
        DateTime now = Now;
        _endedAt = BootClock.Now;
        _session.Recorder?.Append(new TranscriptEvent
        {
            Type = "exited",
            Offset = 0,
            Timestamp = now,
            Attempt = attempt.Number,
            ExitCode = code,
            Signal = signal,
        });
        _last = _last! with { EndedAt = now, ExitCode = code, Signal = signal, EndCursor = _session.Recorder?.Settle() };
        _session.Write(FileOf(attempt.Number), _last.ToLine());
        _running = null;
        int? next = IsStopRequested ? null : attempt.Next;
        attempt.Dispose();
        CrashPoint.Pass("after-exit");
        if (next is { } number)
        {
            _session.Tell(Tell(_last, null) with { Type = LiveMessageType.Ended });
            Start(number, answer => _session.Tell(answer));
            return;
        }

        if (!stopped && WaitForWord())
        {
            _session.Tell(Tell(_last, null) with { Type = LiveMessageType.Ended });
            return;
        }

        SessionState state = end.Change switch
        {
            ChildChange.Exited => SessionState.Exited,
            ChildChange.Killed => SessionState.Signaled,
            _ => SessionState.Lost,
        };
        Close(state, stopped ? SessionEnding.UserStop : null, survivors);
    }

    /// <summary>Writes how the session ended, and ends.</summary>
    /// <param name="state">How.</param>
    /// <param name="reason">Null: what follows from the state.</param>
    /// <param name="survivors">What lives on.</param>
    private void Close(SessionState state, string? reason, IReadOnlyList<Survivor> survivors)
    {
        DateTime now = Now;
        AttemptRecord last = _last ?? new AttemptRecord
        {
            Attempt = _session.Meta.Attempt,
            ClaimedAt = now,
            BootId = ProcessIdentity.BootId,
            StartCursor = 0,
            EndCursor = 0,
            Error = "the daemon began no attempt",
        };
        // One that was taken up for another attempt is ended as that, or this would not count.
        int number = Math.Max(last.Attempt, _session.Meta.Attempt);
        SessionFinal final = SessionEnding.Final(_session.Meta, last with { Attempt = number, EndedAt = last.EndedAt ?? now }, state, reason, survivors, BootClock.Now - _begun);
        CrashPoint.Pass("before-final");
        if (_session.Recorder is { } recorder)
        {
            recorder.Complete(_ => [new PendingFile(Artifact.Final, final.ToLine())]);
        }
        else
        {
            _session.Write(Artifact.Final, final.ToLine());
        }

        _session.Tell(Tell(last, null) with { Type = LiveMessageType.Ended });
        _closed = true;
    }

    /// <summary>Somebody wanted the end while this process did not answer.</summary>
    private bool IsStopRequested => _session.Folder!.Holds(Artifact.StopRequested);

    private LiveMessage Tell(AttemptRecord attempt, StartFailure? failure) => new()
    {
        Type = LiveMessageType.Attempt,
        Attempt = attempt.Attempt,
        Pid = attempt.Pid,
        PidStartTime = attempt.PidStartTime,
        ExitCode = attempt.ExitCode,
        Signal = attempt.Signal,
        End = attempt.EndedAt is null ? null : attempt.EndCursor,
        UptimeMs = attempt.EndedAt is not null && attempt.Attempt == _last?.Attempt && _startedAt is { } started ? (long)(_endedAt - started).TotalMilliseconds : null,
        EndedAgoMs = attempt.EndedAt is not null && attempt.Attempt == _last?.Attempt ? (long)(BootClock.Now - _endedAt).TotalMilliseconds : null,
        Code = failure?.ExitCode switch
        {
            null => null,
            ExitCode.CommandNotFound => ErrorCode.CommandNotFound,
            ExitCode.NotExecutable => ErrorCode.NotExecutable,
            _ => ErrorCode.BadWorkingDirectory,
        },
        Message = failure?.Message ?? attempt.Error,
    };

    private DateTime Now => _time.GetUtcNow().UtcDateTime;

    internal static string FileOf(int attempt) => string.Create(CultureInfo.InvariantCulture, $"{Artifact.Attempts}/{attempt}.json");

    public void Dispose()
    {
        _running?.Dispose();
        _session.Dispose();
        _control.Dispose();
        _signals.Dispose();
    }
}
