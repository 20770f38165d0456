using System.Diagnostics;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
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

    /// <summary>A relay sets its event before its thread has quite ended.</summary>
    private const int DrainCheckMilliseconds = 20;

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan QuietLimit = TimeSpan.FromMilliseconds(200);

    private readonly RunRequest _request;
    private readonly TimeProvider _time;
    private readonly SignalReader _signals = new(Signals.Handled);
    private readonly UserTerminal? _user;
    private readonly ICommandTerminal _terminal;
    private readonly bool _isPty;
    private readonly List<OutputRelay> _relays = [];
    private readonly WakeEvent _relayEnded = new();
    private readonly ManualResetEventSlim _commandEnded = new(initialState: false);
    private InputRelay? _input;
    private SessionRecord? _record;
    private TerminalSize? _size;
    private bool _nextKeyQuoted;
    private int _hungUp;
    private bool _wantsTerminal;
    private bool _foreground;
    private int _stopSignal;
    private bool _commandStopped;

    /// <summary>Prepares the terminal. Nothing is created yet that would outlive this object.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="prepared">From <see cref="PreparedTerminal.Open"/>; null to begin here. It becomes this object's.</param>
    /// <param name="time">The clock of the files.</param>
    public ForegroundRun(RunRequest request, PreparedTerminal? prepared, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        (_request, _time) = (request, time);
        prepared ??= PreparedTerminal.Open(request.Pty, request.Caller, request.Program);
        (_terminal, _user, _size) = (prepared.Terminal, prepared.User, prepared.Size);
        _isPty = _terminal.Input >= 0;

        // Part of a pipeline, or a background job of a script: somebody else may be reading the keys. The command starts in
        // the background of its terminal, and gets the user's when it asks for it.
        _wantsTerminal = prepared.StdinIsTerminal || request.Pty == PtyChoice.Always;
        _foreground = IsForeground;
        if (request.Size is { } size)
        {
            _size = size;
            _terminal.Resize(size);
        }
    }

    /// <summary>Runs the command to its end.</summary>
    /// <param name="starting">Called when the session exists and the command is about to start.</param>
    /// <exception cref="SupException">The id or the name is taken, or the state root is not safe; nothing was started.</exception>
    public RunOutcome Execute(Action<SessionRecord> starting)
    {
        ArgumentNullException.ThrowIfNull(starting);
        _record = SessionRecord.Open(_request, Describe, _time);
        if (_isPty)
        {
            // The monitor is still on its way; on pipes the command need not wait for the hash.
            _record.Identify(_request.Script());
        }

        starting(_record);
        long started = Stopwatch.GetTimestamp();
        CommandSpec spec = new()
        {
            Arguments = _request.Command,
            Environment = CommandEnvironment(),
            WorkingDirectory = _request.WorkingDirectory,
            Caller = _request.Caller,
        };
        StartFailure? failure = _terminal.Start(spec, _foreground);
        if (failure is not null)
        {
            _record.Identify(_request.Script());
            return Failed(failure, started);
        }

        _record.Begun(_terminal.Pid);
        EnterTerminal();
        foreach (CommandOutput output in _terminal.Outputs)
        {
            OutputRelay relay = new(output, _record.Recorder, _relayEnded);
            _relays.Add(relay);
            relay.Start();
        }

        StartInput();
        _record.Identify(_request.Script());
        _record.Started(_terminal.Pid);
        WaitStatus end = WaitForEnd();
        return Ended(end, started);
    }

    private SessionMeta Describe(SessionId id)
    {
        ProcessIdentity self = ProcessIdentity.Self;
        return new SessionMeta
        {
            Id = id.Value,
            Name = _request.Name?.Value,
            Command = _request.CommandText,
            WorkingDirectory = WorkingDirectory(),
            StartedAt = _time.GetUtcNow().UtcDateTime,
            RetentionSeconds = (long)_request.Retention.TotalSeconds,
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

    private string? WorkingDirectory()
    {
        try
        {
            return Path.GetFullPath(_request.WorkingDirectory ?? ".");
        }
        catch (IOException)
        {
            // The current folder was deleted, and the command runs in it all the same.
            return _request.WorkingDirectory;
        }
    }

    private List<byte[]> CommandEnvironment()
    {
        List<byte[]> environment = [];
        foreach (byte[] entry in _request.Environment)
        {
            if (!IsOwnVariable(entry))
            {
                environment.Add(entry);
            }
        }

        void Add(string name, string value) => environment.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
        Add("SUP_SESSION_ID", _record!.Meta.Id);
        if (_record.Meta.Name is { } name)
        {
            Add("SUP_SESSION_NAME", name);
        }

        Add("SUP_ATTEMPT", "1");
        return environment;
    }

    /// <summary>A run inside a run has its own, and not the outer one's name.</summary>
    private static bool IsOwnVariable(byte[] entry) =>
        entry.AsSpan().StartsWith("SUP_SESSION_ID="u8)
        || entry.AsSpan().StartsWith("SUP_SESSION_NAME="u8)
        || entry.AsSpan().StartsWith("SUP_ATTEMPT="u8);

    private bool IsForeground => _wantsTerminal && (_user?.IsForeground ?? true);

    private void EnterTerminal()
    {
        if (_isPty && _foreground)
        {
            _user?.EnterRaw();
        }
    }

    private void StartInput()
    {
        if (!_isPty)
        {
            return;
        }

        if (_user is not null)
        {
            _input = new InputRelay(_user.Fd, _terminal.Input, MirrorSignalKeys, OnTerminalEnd);
            if (_foreground)
            {
                _input.Resume();
            }
        }
        else if (_terminal is PtyTerminal pty && _request.Pty == PtyChoice.Always)
        {
            PtyFeed.Start(pty);
        }
    }

    /// <summary>
    /// A signal key belongs to the whole foreground job, of which the command is only a part: a script around us, or the
    /// other end of a pipeline. The PTY signals the command; the rest of our group gets it here, as from the terminal.
    /// </summary>
    private void MirrorSignalKeys(ReadOnlySpan<byte> typed)
    {
        if (!_user!.SignalsOurGroup || !Tty.TryGetSettings(_terminal.Input, out Termios settings))
        {
            return;
        }

        foreach (byte key in typed)
        {
            bool quoted = _nextKeyQuoted;
            _nextKeyQuoted = !quoted && Tty.QuotesNext(settings, key);
            int signal = quoted || (key >= 0x20 && key != 0x7f) ? 0 : Tty.SignalOfKey(settings, key);
            if (signal != 0 && Libc.tcgetpgrp(_terminal.Input) == _terminal.Pid)
            {
                Libc.kill(0, signal);
            }
        }
    }

    private WaitStatus WaitForEnd()
    {
        PollFd* fds = stackalloc PollFd[2];
        while (true)
        {
            bool mayComeForward = _isPty && _wantsTerminal && !_foreground;
            fds[0] = new PollFd { Fd = _signals.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _terminal.ChangeFd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, mayComeForward ? ForegroundCheckMilliseconds : Io.Forever);
            while (_signals.TryRead(out ReceivedSignal signal))
            {
                Handle(signal);
            }

            while (_terminal.NextChange() is { Change: not ChildChange.None } change)
            {
                if (change.IsEnd)
                {
                    return change;
                }

                _commandStopped = change.Change == ChildChange.Stopped;
                if (_commandStopped && (_isPty || change.Value is Signals.SIGTSTP or Signals.SIGTTIN or Signals.SIGTTOU))
                {
                    // On pipes the command is in our group. What stopped the whole group has reached us too; what stopped
                    // the command alone is between it and whoever sent it.
                    _stopSignal = _isPty ? change.Value : _stopSignal;
                }
            }

            if (_commandStopped && _stopSignal != 0)
            {
                Suspend(_stopSignal);
            }
            else if (mayComeForward && _user is { IsForeground: true })
            {
                GoOn();
            }
        }
    }

    private void Handle(ReceivedSignal signal)
    {
        bool fromUs = signal.SenderPid == Environment.ProcessId;
        bool fromTerminal = signal.Code == Signals.SI_KERNEL;
        switch (signal.Number)
        {
            case Signals.SIGWINCH:
                FollowSize();
                break;
            case Signals.SIGCONT:
                _stopSignal = 0;
                GoOn();
                break;
            case Signals.SIGTSTP or Signals.SIGTTIN or Signals.SIGTTOU when !fromUs:
                if (_isPty || !fromTerminal)
                {
                    _terminal.Signal(signal.Number);
                }

                _stopSignal = _isPty ? 0 : signal.Number;
                break;
            case Signals.SIGHUP when _isPty && fromTerminal && _user is { IsGone: true }:
                HangUp();
                break;
            case Signals.SIGHUP or Signals.SIGINT or Signals.SIGQUIT or Signals.SIGTERM or Signals.SIGUSR1 or Signals.SIGUSR2
                or Signals.SIGALRM or Signals.SIGVTALRM or Signals.SIGPROF or Signals.SIGIO or Signals.SIGPWR
                when !fromUs && !IsFromCommand(signal.SenderPid):
                // On pipes the terminal has already given it to the command, which is in our group.
                if (_isPty || !fromTerminal)
                {
                    _terminal.Signal(signal.Number);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>A command that signals its parent does not mean itself.</summary>
    private bool IsFromCommand(int sender) =>
        sender > 0
        && (sender == _terminal.Pid
            || (_terminal is PtyTerminal pty && ProcStat.Read(sender) is { } stat && stat.Session == pty.Session));

    private void OnTerminalEnd()
    {
        if (_user is { IsGone: true })
        {
            HangUp();
        }
    }

    /// <summary>
    /// The user's terminal is gone: the command gets the hang-up signal, a moment in which its last words are still stored, and then
    /// what it would have got at once without sup: end of file, or EIO.
    /// </summary>
    private void HangUp()
    {
        if (Interlocked.Exchange(ref _hungUp, 1) == 0)
        {
            _terminal.Signal(Signals.SIGHUP);
            Thread thread = new(CloseTerminal, 256 * 1024) { IsBackground = true, Name = "hang-up" };
            thread.Start();
        }
    }

    private void CloseTerminal()
    {
        if (!_commandEnded.Wait(LastWords))
        {
            Descriptors.LetGo(_terminal.Input);
        }
    }

    private void FollowSize()
    {
        if (_request.Size is null && _user?.Size is { } size && size != _size)
        {
            _size = size;
            _terminal.Resize(size);
            _record?.Resized(size);
        }
    }

    /// <summary>Stops as the command stopped, so that the shell that started us gets its terminal back.</summary>
    private void Suspend(int signal)
    {
        bool asksForTerminal = _isPty && (signal is Signals.SIGTTIN or Signals.SIGTTOU);
        _wantsTerminal |= asksForTerminal;
        if (!(asksForTerminal && _user is { IsForeground: true }))
        {
            _input?.Pause();
            foreach (OutputRelay relay in _relays)
            {
                relay.WaitUntilQuiet(QuietLimit);
            }

            _user?.Restore();
            StopSelf(signal);
            while (_signals.TryRead(out ReceivedSignal received))
            {
                // The SIGCONT that ended the stop is answered below; answered twice it would also end the command's next stop.
                if (received.Number != Signals.SIGCONT)
                {
                    Handle(received);
                }
            }
        }

        _stopSignal = 0;
        GoOn();
    }

    private void StopSelf(int signal)
    {
        if (signal == Signals.SIGSTOP)
        {
            Libc.kill(Environment.ProcessId, signal);
            return;
        }

        // The terminal would have stopped the whole job. For pipes it has.
        Signals.SetDefault(signal);
        Libc.kill(_isPty ? 0 : Environment.ProcessId, signal);
        ulong set = Signals.SetOf(signal);
        Signals.Unblock(set);

        // Here the process stands still until it is continued; not at all in an orphaned group, which nobody could continue.
        Signals.Block(set);
    }

    private void GoOn()
    {
        _foreground = IsForeground;
        if (!_foreground)
        {
            _input?.Pause();
        }
        else if (_isPty)
        {
            _user?.EnterRaw();
            (_terminal as PtyTerminal)?.AdoptSettings();
            FollowSize();
            _input?.Resume();
        }

        _commandStopped = false;
        _terminal.Continue(_foreground);
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
        _commandEnded.Set();
        int killedBy = Drain();
        _input?.Pause();
        _user?.Restore();
        RunOutcome outcome = Outcome(end, duration);

        // Without sup it would have been the command that was still writing, and that the signal ended.
        return killedBy == 0 ? outcome : outcome with { Signal = killedBy, ExitStatus = ExitCode.SignalBase + killedBy };
    }

    /// <summary>
    /// Passes on what the command has left behind. Its reader may take its time: until then signals count as ever. Returns the
    /// one that ended the waiting, or 0.
    /// </summary>
    private int Drain()
    {
        _relays.ForEach(r => r.Finish());
        PollFd* fds = stackalloc PollFd[2];
        while (_relays.Exists(r => !r.HasEnded))
        {
            fds[0] = new PollFd { Fd = _signals.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _relayEnded.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, DrainCheckMilliseconds);
            if (fds[1].Returned != 0)
            {
                _relayEnded.Clear();
            }

            while (_signals.TryRead(out ReceivedSignal signal))
            {
                switch (signal.Number)
                {
                    case Signals.SIGHUP or Signals.SIGINT or Signals.SIGQUIT or Signals.SIGTERM:
                        return signal.Number;
                    case Signals.SIGTSTP:
                        _user?.Restore();
                        StopSelf(signal.Number);
                        break;
                    default:
                        break;
                }
            }
        }

        return 0;
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

        IReadOnlyList<Survivor> survivors = heldOpen || state == SessionState.Lost ? Survivors.Of(_record!.Meta) : [];
        RecordingResult result = _record!.Ended(state, code, signal, error, survivors);
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
        _signals.Dispose();
        _input?.Dispose();
        _relays.ForEach(r => r.Dispose());
        _relayEnded.Dispose();
    }
}
