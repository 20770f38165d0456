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
    private TimeSpan? _begun;
    private AttemptRecord? _last;
    private RunningAttempt? _running;
    private bool _ending;
    private bool _closed;

    private SessionKeeper(SessionSpec spec, SessionClaim claim, SessionMeta meta, AttemptRecord? last, TimeProvider time)
    {
        (_spec, _time, _last) = (spec, time, last);

        // Of this thread, and so of the commands it starts. Less niceness than the daemon's may not be allowed; then that stays.
        const int PRIO_PROCESS = 0;
        Libc.setpriority(PRIO_PROCESS, 0, spec.Niceness);
        _session = new OwnedSession(claim, meta);
        _session.Listen();
        _session.Record(Unlimited, time);
        _control = new KeeperControl(_session, () => _last?.Attempt ?? 0);
    }

    /// <summary>Makes the folder of a new session and begins to listen. No command is started yet.</summary>
    /// <exception cref="SupException">The id or the name is taken, or nothing can be written.</exception>
    public static SessionKeeper Create(StateRoot root, SessionSpec spec, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SessionId id = IdOf(spec);
        SessionName? name = NameOf(spec);
        SessionClaim claim = SessionClaim.Of(() => root, id, name);
        if (claim.Folder is null)
        {
            claim.Name?.Dispose();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot make the folder of session {id}: {claim.Problem}");
        }

        DateTime now = time.GetUtcNow().UtcDateTime;
        SessionKeeper keeper = new(spec, claim, Describe(spec, now, attempt: 1), null, time) { _begun = BootClock.Now };
        try
        {
            claim.Folder.WriteAtomically(Artifact.Meta, keeper._session.Meta.ToLine());
            claim.Folder.WriteAtomically(Artifact.Spec, spec.ToLine());
            claim.Folder.Reserve(Artifact.Final);
            keeper.GoLive();
            return keeper;
        }
        catch (IOException e)
        {
            keeper._session.Discard();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, e.Message, inner: e);
        }
    }

    /// <summary>Takes an ended session up again. Its next attempt goes on in the same transcript.</summary>
    /// <exception cref="SupException">It is not there, somebody holds it, or its spec.json cannot be read.</exception>
    public static SessionKeeper Reopen(StateRoot root, SessionId id, TimeProvider time)
    {
        OwnedFolder? folder;
        try
        {
            folder = OwnedFolder.Reopen(root, id);
        }
        catch (IOException e)
        {
            throw new SupException(ErrorCode.SessionLive, ExitCode.Failure, $"cannot take up session {id}: {e.Message}", inner: e);
        }

        if (folder is null)
        {
            throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "sup ls --all lists them");
        }

        NameLock? nameLock = null;
        try
        {
            SessionMeta meta = SessionMeta.Read(folder.ReadSmall(Artifact.Meta) ?? []) ?? throw Unreadable(id, Artifact.Meta);
            SessionSpec spec = SessionSpec.Read(folder.ReadSmall(Artifact.Spec) ?? []) ?? throw Unreadable(id, Artifact.Spec);
            if (meta.Name is { } text && SessionName.TryParse(text, out SessionName name))
            {
                nameLock = NameLock.TryTake(root, name, id)
                    ?? throw new SupException(
                        ErrorCode.NameTaken, ExitCode.Usage, $"cannot take up session {id}: a live session has its name {name}", "rename one of them");
            }

            // A keeper that was killed has left its socket behind. A wish for the end of what is over has come true.
            folder.Rename(LiveProtocol.SocketName, null);
            folder.Rename(Artifact.StopRequested, null);
            AttemptRecord? last = LastAttempt(folder, meta.Attempt);
            ProcessIdentity self = ProcessIdentity.Self;
            meta = meta with
            {
                Attempt = (last?.Attempt ?? 0) + 1,
                Pid = null,
                PidStartTime = null,
                BootId = ProcessIdentity.BootId,
                OwnerPid = self.Pid,
                OwnerStartTime = self.StartTime,
                Host = Environment.MachineName,
            };
            SessionKeeper keeper = new(spec, new SessionClaim(id, root, folder, nameLock, null), meta, last, time);

            // Written before anything is started: from here on the old final.json no longer counts.
            folder.WriteAtomically(Artifact.Meta, keeper._session.Meta.ToLine());
            folder.Reserve(Artifact.Final);
            keeper.GoLive();
            return keeper;
        }
        catch
        {
            nameLock?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public string Id => _session.Meta.Id;

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
                Close(StateOf(_last), stopped: false, []);
                break;
        }
    }

    private static SessionState StateOf(AttemptRecord? last) => last switch
    {
        null or { Pid: null } => SessionState.Failed,
        { ExitCode: not null } => SessionState.Exited,
        { Signal: not null } => SessionState.Signaled,
        _ => SessionState.Lost,
    };

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
            Close(StateOf(_last), stopped: true, []);
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
        _last = attempt;
        Spawn(number, answer);
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
            answer(Tell(_last, failure));
            Close(SessionState.Failed, stopped: false, []);
            return;
        }

        CrashPoint.Pass("after-spawn");
        int pid = terminal.Pid;
        _session.Recorder?.Append(new TranscriptEvent { Type = "started", Offset = 0, Timestamp = default, Attempt = number, Pid = pid });
        attempt.Begin();
        _running = attempt;
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

        SessionState state = end.Change switch
        {
            ChildChange.Exited => SessionState.Exited,
            ChildChange.Killed => SessionState.Signaled,
            _ => SessionState.Lost,
        };
        Close(state, stopped, survivors);
    }

    /// <summary>Writes how the session ended, and ends.</summary>
    private void Close(SessionState state, bool stopped, IReadOnlyList<Survivor> survivors)
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
        SessionFinal final = SessionEnding.Final(_session.Meta, last with { EndedAt = last.EndedAt ?? now }, state, stopped, survivors, BootClock.Now - _begun);
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

    private static LiveMessage Tell(AttemptRecord attempt, StartFailure? failure) => new()
    {
        Type = LiveMessageType.Attempt,
        Attempt = attempt.Attempt,
        Pid = attempt.Pid,
        PidStartTime = attempt.PidStartTime,
        ExitCode = attempt.ExitCode,
        Signal = attempt.Signal,
        End = attempt.EndedAt is null ? null : attempt.EndCursor,
        Code = failure?.ExitCode switch
        {
            null => null,
            ExitCode.CommandNotFound => ErrorCode.CommandNotFound,
            ExitCode.NotExecutable => ErrorCode.NotExecutable,
            _ => ErrorCode.BadWorkingDirectory,
        },
        Message = failure?.Message ?? attempt.Error,
    };

    private void GoLive() => _session.GoLive(_control);

    private DateTime Now => _time.GetUtcNow().UtcDateTime;

    private static string FileOf(int attempt) => string.Create(CultureInfo.InvariantCulture, $"{Artifact.Attempts}/{attempt}.json");

    /// <summary>The last attempt that has a file: meta.json's, or one more where a keeper died between the two.</summary>
    private static AttemptRecord? LastAttempt(OwnedFolder folder, int number)
    {
        while (folder.Holds(FileOf(number + 1)))
        {
            number++;
        }

        for (; number > 0; number--)
        {
            if (AttemptRecord.Read(folder.ReadSmall(FileOf(number)) ?? []) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static SessionId IdOf(SessionSpec spec) => SessionId.TryParse(spec.Id, out SessionId id)
        ? id
        : throw SupException.Usage($"{Printable.Word(spec.Id)} is no session id", "leave it out, or choose another");

    private static SessionName? NameOf(SessionSpec spec) => spec.Name is null ? null
        : SessionName.TryParse(spec.Name, out SessionName name) ? name
        : throw SupException.Usage($"{Printable.Word(spec.Name)} is no name for a session", "choose another");

    private static SessionMeta Describe(SessionSpec spec, DateTime now, int attempt)
    {
        ProcessIdentity self = ProcessIdentity.Self;
        List<string> command = [];
        foreach (byte[] word in spec.Command)
        {
            command.Add(System.Text.Encoding.UTF8.GetString(word));
        }

        return new SessionMeta
        {
            Id = spec.Id,
            Name = spec.Name,
            Command = command,
            WorkingDirectory = spec.WorkingDirectory,
            ScriptPath = spec.ScriptPath,
            ScriptHash = spec.ScriptHash,
            StartedAt = now,
            RetentionSeconds = spec.RetentionSeconds,
            SilenceAfterSeconds = spec.SilenceAfterSeconds,
            TransportMode = spec.Pty ? "posix-pty" : "pipe",
            TtyAttached = spec.Pty,
            Terminal = "supervised",
            MaxOutputBytes = spec.MaxOutputBytes,
            Attempt = attempt,
            BootId = ProcessIdentity.BootId,
            OwnerPid = self.Pid,
            OwnerStartTime = self.StartTime,
            Labels = spec.Labels,
            Host = Environment.MachineName,
        };
    }

    private static SupException Unreadable(SessionId id, string file) => new(
        ErrorCode.Internal, ExitCode.Failure, $"cannot take up session {id}: its {file} is missing or cannot be read", "start it anew with sup start");

    public void Dispose()
    {
        _running?.Dispose();
        _session.Dispose();
        _control.Dispose();
        _signals.Dispose();
    }
}
