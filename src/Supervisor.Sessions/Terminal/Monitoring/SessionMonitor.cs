using System.Text;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Terminal.Monitoring;

/// <summary>
/// The process that leads the command's terminal session and is the command's parent. Without it the command's group
/// would be orphaned, and the kernel discards Ctrl-Z in an orphaned group (setpgid(2), POSIX 11.2.4). It reports what
/// the command does, moves it between foreground and background, and, should <c>sup run</c> die, puts the user's
/// terminal back.
/// </summary>
internal sealed unsafe class SessionMonitor : IDisposable
{
    /// <summary>First word of the monitor's command line.</summary>
    public const string Verb = "monitor";

    private readonly MonitorChannel _owner;
    private readonly int _terminal;
    private readonly int _userTerminal;
    private readonly SignalReader _signals = new(Signals.Handled);
    private readonly int _ownGroup = Libc.getpgrp();
    private readonly int _ownerPid = Libc.getppid();
    private int _command;
    private int _foregroundGroup;
    private bool _stopped;
    private bool _ended;
    private Termios? _userSettings;

    /// <param name="owner">The socket to <c>sup run</c>.</param>
    /// <param name="terminal">The slave of the command's PTY, which becomes this process's controlling terminal.</param>
    /// <param name="userTerminal">The user's own terminal, or -1.</param>
    public SessionMonitor(int owner, int terminal, int userTerminal)
    {
        foreach (int fd in new[] { owner, terminal, userTerminal })
        {
            if (fd >= 0)
            {
                // They came through exec; the command must not get them.
                Libc.fcntl(fd, Libc.F_SETFD, Libc.FD_CLOEXEC);
            }
        }

        (_owner, _terminal, _userTerminal) = (new MonitorChannel(owner), terminal, userTerminal);

        // Does nothing where the terminal was opened by its name, which makes it the controlling one.
        Tty.TakeControl(terminal);
    }

    /// <summary>Runs until the owner says good-bye or dies. The exit status means nothing.</summary>
    public void Run()
    {
        PollFd* fds = stackalloc PollFd[2];
        while (true)
        {
            fds[0] = new PollFd { Fd = _owner.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _signals.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, Io.Forever);
            while (_signals.TryRead(out _))
            {
                // SIGCHLD: looked into below. The others concern the command, which has them from the terminal itself.
            }

            ReportChanges();
            if (fds[0].Returned == 0)
            {
                continue;
            }

            if (_owner.Receive() is not { } frame)
            {
                RestoreUserTerminal();
                return;
            }

            if (frame.Kind == MonitorFrame.Bye)
            {
                return;
            }

            Handle(frame.Kind, frame.Payload);
        }
    }

    private void Handle(MonitorFrame kind, byte[] payload)
    {
        switch (kind)
        {
            case MonitorFrame.Start:
                Start(payload);
                break;
            case MonitorFrame.Signal:
                Signal(MonitorChannel.Number(payload, 0));
                break;
            case MonitorFrame.Continue:
                (bool foreground, _userSettings) = StartRequest.DecodeContinue(payload);
                Continue(foreground);
                break;
            default:
                throw new InvalidDataException($"unexpected frame {kind}");
        }
    }

    private void Start(byte[] payload)
    {
        StartOrder order = StartRequest.Decode(payload);
        CommandSpec spec = order.Spec;
        bool foreground = order.Foreground;
        _userSettings = order.UserSettings;
        List<DescriptorAction> closed = [];
        for (int fd = 0; fd <= 2; fd++)
        {
            if (spec.Caller.WasClosed(fd))
            {
                closed.Add(new DescriptorAction(fd, DescriptorAction.Close));
            }
        }

        (_command, StartFailure? failure) = CommandStarter.Start(
            spec, closed, newProcessGroup: true, foregroundOf: foreground ? _terminal : -1);
        if (failure is not null)
        {
            _ended = true;
            _owner.Send(MonitorFrame.StartFailed, Encoding.UTF8.GetBytes($"{failure.ExitCode} {failure.Message}"));
            LetGo();
            return;
        }

        Descriptors.CloseInherited();
        if (foreground)
        {
            // Already done by the command itself where the C library can (CommandStarter); once more does no harm.
            _foregroundGroup = _command;
            Libc.tcsetpgrp(_terminal, _command);
        }

        _owner.Send(MonitorFrame.Started, _command);
        ReportChanges();
    }

    private void Signal(int signal)
    {
        if (_command == 0 || _ended)
        {
            return;
        }

        int group = Libc.tcgetpgrp(_terminal);
        Libc.kill(-(group > 0 && group != _ownGroup ? group : _command), signal);
    }

    private void Continue(bool foreground)
    {
        if (_command == 0 || _ended)
        {
            return;
        }

        int group = _foregroundGroup == 0 ? _command : _foregroundGroup;
        Libc.tcsetpgrp(_terminal, foreground ? group : _ownGroup);
        if (_stopped)
        {
            Libc.kill(-_command, Signals.SIGCONT);
        }
    }

    private void ReportChanges()
    {
        while (_command != 0 && !_ended)
        {
            WaitStatus change = WaitStatus.Next(_command);
            if (change.Change == ChildChange.None)
            {
                return;
            }

            if (change.Change == ChildChange.Stopped && Libc.tcgetpgrp(_terminal) is int group and > 0 && group != _ownGroup)
            {
                // Taken back as a shell does: a job that is stopped hears nothing of changes of the window's size. What stopped
                // because it has not got the terminal gets it when it goes on.
                _foregroundGroup = change.Value is Signals.SIGTTIN or Signals.SIGTTOU ? _command : group;
                Libc.tcsetpgrp(_terminal, _ownGroup);
            }

            if (change.Change == ChildChange.Continued && ProcStat.Read(_ownerPid) is { State: 'T' })
            {
                // Somebody else let the command go on while its owner was stopped with it: its output needs a reader.
                Libc.kill(_ownerPid, Signals.SIGCONT);
            }

            _stopped = change.Change == ChildChange.Stopped;
            _ended = change.IsEnd;
            _owner.Send(MonitorFrame.Changed, (int)change.Change, change.Value);
            if (_ended)
            {
                LetGo();
            }
        }
    }

    /// <summary>
    /// Closes the terminal, so that the owner can read it to its end, and takes the foreground: what the command left in
    /// the background must not get the hang-up that goes to the foreground group when this session's leader ends.
    /// </summary>
    private void LetGo()
    {
        Libc.tcsetpgrp(_terminal, _ownGroup);
        for (int fd = 0; fd <= 2; fd++)
        {
            Descriptors.LetGo(fd);
        }

        Libc.close(_terminal);
    }

    /// <summary>Only when it still is as <c>sup run</c> set it: somebody else may have changed it since.</summary>
    private void RestoreUserTerminal()
    {
        if (_userSettings is { } settings
            && Tty.TryGetSettings(_userTerminal, out Termios now) && now.Equals(Tty.Raw(settings)))
        {
            Tty.SetSettings(_userTerminal, settings);
        }
    }

    public void Dispose()
    {
        _owner.Dispose();
        _signals.Dispose();
    }
}
