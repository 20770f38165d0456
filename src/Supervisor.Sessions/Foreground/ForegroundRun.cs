using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// One <c>sup run</c>: the command gets what it would have got from the caller, the caller sees what it would have seen,
/// and a copy of the output goes to the transcript. One thread decides (this one); one moves each stream.
/// </summary>
public sealed unsafe class ForegroundRun : IDisposable
{
    /// <summary>How often a run in the background looks whether it was brought to the front: no signal tells it.</summary>
    private const int ForegroundCheckMilliseconds = 200;

    private readonly RunRequest _request;
    private readonly TimeProvider _time;
    private readonly SignalReader _signals = new(Signals.Handled);
    private readonly UserTerminal? _user;
    private readonly ICommandTerminal _terminal;
    private readonly bool _isPty;
    private readonly List<OutputRelay> _relays = [];
    private readonly WakeEvent _relayEnded = new();
    private readonly SizeFollower _size;
    private readonly JobControl _job;
    private readonly HangUp _hangUp;
    private readonly SignalRouter _router;
    private readonly CommandStop _stop;
    private SessionRecord? _record;
    private LiveControl? _live;
    private SignalKeys? _keys;

    /// <summary>Prepares the terminal. Nothing is created yet that would outlive this object.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="prepared">From <see cref="PreparedTerminal.Open"/>; null to begin here. It becomes this object's.</param>
    /// <param name="time">The clock of the files.</param>
    public ForegroundRun(RunRequest request, PreparedTerminal? prepared, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        (_request, _time) = (request, time);
        prepared ??= PreparedTerminal.Open(request.Pty, request.Caller, request.Program);
        (_terminal, _user) = (prepared.Terminal, prepared.User);
        _isPty = _terminal.Input >= 0;
        _size = new SizeFollower(_user, _terminal);
        _size.Begin(prepared.Size);
        _hangUp = new HangUp(_user, _terminal, _relays);
        _job = new JobControl(_user, _terminal, _relays, _size, prepared.StdinIsTerminal || request.Pty == PtyChoice.Always);
        _stop = new CommandStop(_terminal);
        _router = new SignalRouter(_terminal, _job, _size, _hangUp);
        if (request.Size is { } size)
        {
            _size.Fix(size);
        }
    }

    /// <summary>Runs the command to its end.</summary>
    /// <param name="starting">Called when the session exists and the command is about to start.</param>
    /// <exception cref="SupException">The id or the name is taken, or the state root is not safe; nothing was started.</exception>
    public RunOutcome Execute(Action<SessionRecord> starting)
    {
        ArgumentNullException.ThrowIfNull(starting);
        _record = SessionRecord.Open(_request, Describe, _time);
        _size.Changed = _record.Resized;
        if (_isPty)
        {
            // The monitor is still on its way; on pipes the command need not wait for the hash.
            _record.Identify(_request.Script());
        }

        foreach (CommandOutput output in _terminal.Outputs)
        {
            _relays.Add(new OutputRelay(output, _record.Recorder, _relayEnded));
        }

        starting(_record);
        _job.Begin();
        long started = Stopwatch.GetTimestamp();
        CommandSpec spec = new()
        {
            Arguments = _request.Command,
            Environment = SessionVariables.AddTo(_request.Environment, _record.Meta, attempt: 1),
            WorkingDirectory = _request.WorkingDirectory,
            Caller = _request.Caller,
        };

        // What changed since the terminal was made was told to us alone.
        _size.Follow();
        StartFailure? failure = _terminal.Start(spec, _job.IsForeground);
        if (failure is not null)
        {
            _record.Identify(_request.Script());
            return Failed(failure, started);
        }

        _record.Begun(_terminal.Pid);
        _relays.ForEach(r => r.Start());
        StartInput();
        _record.Identify(_request.Script());
        _record.Started(_terminal.Pid);
        _live = new LiveControl(_record.Session);
        _record.Session.GoLive(_live);
        RunSweep sweep = RunSweep.Start(_request.Root, _record.Meta.Id, _time);
        RunOutcome outcome = Ended(WaitForEnd(), started);
        sweep.Wait();
        return outcome;
    }

    private SessionMeta Describe(SessionId id)
    {
        ProcessIdentity self = ProcessIdentity.Self;
        return new SessionMeta
        {
            Id = id.Value,
            Name = _request.Name?.Value,
            Command = _request.CommandText,
            WorkingDirectory = WorkingFolder.Absolute(_request.WorkingDirectory) ?? _request.WorkingDirectory,
            StartedAt = _time.GetUtcNow().UtcDateTime,
            RetentionSeconds = (long)_request.Retention.TotalSeconds,
            SilenceAfterSeconds = _request.SilenceAfter.TotalSeconds,
            TransportMode = _terminal.TransportMode,
            TtyAttached = _isPty,
            MaxOutputBytes = _request.MaxOutputBytes,
            BootId = ProcessIdentity.BootId,
            OwnerPid = self.Pid,
            OwnerStartTime = self.StartTime,
            Labels = _request.Labels,
            Host = Environment.MachineName,
        };
    }

    private void StartInput()
    {
        if (!_isPty)
        {
            return;
        }

        if (_user is not null)
        {
            _keys = new SignalKeys(_user, _terminal);
            _job.Input = new InputRelay(_user.Fd, _terminal.Input, _keys.Mirror, OnTerminalEnd);
            if (_job.IsForeground)
            {
                _job.Input.Resume();
            }
        }
        else if (_terminal is PtyTerminal pty && _request.Pty == PtyChoice.Always)
        {
            PtyFeed.Start(pty);
        }
    }

    private void OnTerminalEnd()
    {
        if (_hangUp.IsDue)
        {
            _hangUp.Begin();
        }
    }

    private WaitStatus WaitForEnd()
    {
        PollFd* fds = stackalloc PollFd[3];
        while (true)
        {
            fds[0] = new PollFd { Fd = _signals.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _terminal.ChangeFd, Events = Libc.POLLIN };
            fds[2] = new PollFd { Fd = _live!.Wake.Fd, Events = Libc.POLLIN };
            int look = _job.MayComeForward ? ForegroundCheckMilliseconds : _router.Due;
            Io.Poll(fds, 3, Earlier(_stop.Timeout, look));
            RouteSignals();
            ObeyOthers();
            while (_terminal.NextChange() is { Change: not ChildChange.None } change)
            {
                if (change.IsEnd)
                {
                    return change;
                }

                _job.CommandChanged(change);
            }

            if (_job.StopIfDue())
            {
                // The SIGCONT that ended the stop is answered here; answered twice it would also end the command's next stop.
                RouteSignals(butNot: Signals.SIGCONT);
                _job.GoOn();
            }
            else
            {
                _job.ComeForwardIfDue();
                _router.WatchGroup();
            }
        }
    }

    /// <summary>The earlier of two times as poll(2) takes them: -1, read without its sign, is later than all.</summary>
    private static int Earlier(int a, int b) => (int)Math.Min((uint)a, (uint)b);

    /// <summary>What was asked for over the live socket.</summary>
    private void ObeyOthers()
    {
        while (_live!.TryTake(out LiveCommand? command))
        {
            if (command!.Note is { } note)
            {
                SilenceNote.Append(_record!.Session, note);
            }
            else if (command.Grace is { } grace)
            {
                _stop.Begin(command.Signal, grace);
            }
            else
            {
                _terminal.Signal(command.Signal);
            }

            command.Answer(LiveAnswer.Done);
        }

        _stop.KillIfDue(_record!.Session);
    }

    private void RouteSignals(int butNot = 0)
    {
        while (_signals.TryRead(out ReceivedSignal signal))
        {
            if (signal.Number != butNot)
            {
                _router.Route(signal);
            }
        }
    }

    private RunOutcome Failed(StartFailure failure, long started)
    {
        RecordingResult result = _record!.Ended(SessionState.Failed, exitCode: null, signal: null, failure.Message, []);
        return new RunOutcome
        {
            State = SessionState.Failed,
            ExitStatus = failure.ExitCode,
            Duration = Stopwatch.GetElapsedTime(started),
            Error = failure.Message,
            LostBytes = _record.Recorder is null ? null : result.LostBytes,
            RecordingProblem = result.Problem,
        };
    }

    private RunOutcome Ended(WaitStatus end, long started)
    {
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        _router.Dispose();
        _hangUp.CommandEnded();
        _stop.EndRest(_record!.Session, Thread.Sleep);
        int killedBy = new OutputDrain(_relays, _relayEnded, _signals, _job).Run();
        _job.Input?.Pause();
        _user?.Restore();
        RunOutcome outcome = Outcome(end, duration);

        // Without sup it would have been the command that was still writing, and that the signal ended.
        return killedBy == 0 ? outcome : outcome with { Signal = killedBy, ExitStatus = ExitCode.SignalBase + killedBy };
    }

    private RunOutcome Outcome(WaitStatus end, TimeSpan duration)
    {
        return end.Change switch
        {
            ChildChange.Exited => Finish(SessionState.Exited, end.Value, end.Value, duration),
            ChildChange.Killed => Finish(SessionState.Signaled, ExitCode.SignalBase + end.Value, end.Value, duration),
            _ => Finish(SessionState.Lost, ExitCode.Failure, 0, duration),
        };
    }

    private RunOutcome Finish(SessionState state, int status, int value, TimeSpan duration)
    {
        string? error = state == SessionState.Lost ? "the terminal's monitor died, so the command's end is not known" : null;
        string? signal = state == SessionState.Signaled ? SignalName.Of(value) : null;
        int? code = state == SessionState.Exited ? value : null;
        bool heldOpen = false;
        int streamError = 0;
        foreach (OutputRelay relay in _relays)
        {
            heldOpen |= relay.HeldOpen;
            streamError = streamError == 0 ? relay.WriteError : streamError;
        }

        IReadOnlyList<Survivor> survivors = heldOpen || state == SessionState.Lost ? Survivors.Of(_record!.Meta, _record.Path) : [];
        RecordingResult result = _record!.Ended(state, code, signal, error, survivors, _stop.WasAsked || WasInterrupted(state, value));
        return new RunOutcome
        {
            State = state,
            ExitStatus = status,
            Signal = state == SessionState.Signaled ? value : 0,
            Duration = duration,
            Error = error,
            LostBytes = _record.Recorder is null ? null : result.LostBytes,
            RecordingProblem = result.Problem,
            StreamProblem = streamError == 0 ? null : Errno.Text(streamError),
        };
    }

    /// <summary>Whether the user ended it by a key, Ctrl-C or Ctrl-\: it died of that signal, or has the exit code that stands for it.</summary>
    private bool WasInterrupted(SessionState state, int value)
    {
        int signal = state == SessionState.Exited ? value - ExitCode.SignalBase : value;
        return signal is Signals.SIGINT or Signals.SIGQUIT && Signals.Contains(_router.FromTerminal | (_keys?.Pressed ?? 0), signal);
    }

    /// <summary>
    /// Dies of <paramref name="signal"/> as the command did, so that a shell or script around us sees what it would have
    /// seen. Without a second core dump. Returns only if the signal does not kill.
    /// </summary>
    public static void DieOf(int signal)
    {
        Libc.prctl(Libc.PR_SET_DUMPABLE, 0, 0, 0, 0);
        Signals.SetDefault(signal);
        Libc.kill(Environment.ProcessId, signal);
        Signals.Unblock(Signals.SetOf(signal));
    }

    public void Dispose()
    {
        _user?.Restore();
        _terminal.Dispose();
        _record?.Dispose();
        _live?.Dispose();
        _signals.Dispose();
        _router.Dispose();
        _job.Input?.Dispose();
        _relays.ForEach(r => r.Dispose());
        _relayEnded.Dispose();
    }
}
