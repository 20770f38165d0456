using System.Globalization;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal.Monitoring;

namespace Supervisor.Sessions.Terminal;

/// <summary>Which of a command's three standard descriptors the PTY stands in for.</summary>
internal readonly record struct PtyPlan(bool Stdin, bool Stdout, bool Stderr);

/// <summary>
/// A PTY of the command's own, with a <see cref="SessionMonitor"/> process that leads its session. The monitor is another run
/// of this program; it is started as early as possible, because it takes as long to start as we did.
/// </summary>
internal sealed class PtyTerminal : ICommandTerminal
{
    private readonly int _master;
    private readonly MonitorChannel _monitor;
    private readonly int _monitorPid;
    private readonly UserTerminal? _user;
    private readonly List<CommandOutput> _outputs = [];
    private readonly Termios _initialSettings;
    private readonly bool _ownsStdin;
    private bool _adopted;
    private bool _monitorGone;
    private bool _disposed;

    /// <param name="plan">What the PTY stands in for; the rest is passed through, except a captured stderr.</param>
    /// <param name="user">The user's terminal, whose settings and size the PTY takes over; null when there is none.</param>
    /// <param name="size">The size to use instead.</param>
    /// <param name="caller">A stream that was closed stays closed.</param>
    /// <param name="program">This program, which is started as the monitor.</param>
    public PtyTerminal(PtyPlan plan, UserTerminal? user, TerminalSize? size, CallerState caller, string program)
    {
        _user = user;
        (_master, SlavePath) = Tty.OpenPty();
        _outputs.Add(new CommandOutput(Channel.Pty, _master, 1));
        Tty.TryGetSettings(_master, out _initialSettings);
        AdoptSettings();

        Tty.SetSize(_master, size ?? user?.Size ?? TerminalSize.Default);

        (int ours, int theirs) = Io.SocketPair();
        _monitor = new MonitorChannel(ours);
        int stderrWrite = -1;
        if (!plan.Stderr && !caller.WasClosed(2))
        {
            (int stderrRead, stderrWrite) = Io.Pipe();
            Io.SetNonBlocking(stderrRead);
            _outputs.Add(new CommandOutput(Channel.Stderr, stderrRead, 2));
        }

        // The slave takes a number that is free in this process, and so in the monitor: whatever descriptors the caller
        // handed down keep theirs.
        int slave = Tty.OpenPeer(_master);
        bool isOpen = slave >= 0;
        slave = isOpen ? slave : Io.Open("/dev/null", Libc.O_RDONLY);
        List<DescriptorAction> actions = [new DescriptorAction(slave, isOpen ? slave : DescriptorAction.Close, isOpen ? null : SlavePath)];
        void Put(int target, int source) => actions.Add(new DescriptorAction(target, source));
        if (plan.Stdin)
        {
            Put(0, slave);
        }

        if (plan.Stdout)
        {
            Put(1, slave);
        }

        if (plan.Stderr || stderrWrite >= 0)
        {
            Put(2, plan.Stderr ? slave : stderrWrite);
        }

        Put(theirs, theirs);
        int userFd = user?.Fd ?? -1;
        if (userFd > 2)
        {
            Put(userFd, userFd);
        }
        else if (userFd >= 0)
        {
            userFd = Libc.fcntl(userFd, Libc.F_DUPFD_CLOEXEC, 3);
            Put(userFd, userFd);
        }

        Spawn spawn = new()
        {
            Arguments = [Text(program), Text(SessionMonitor.Verb), Text(theirs), Text(slave), Text(userFd)],
            Environment = RuntimeEnvironment.With(),
            Descriptors = actions,
            NewSession = true,
            SignalMask = Signals.Handled,
        };
        int error = spawn.Start(Encoding.UTF8.GetBytes(program), out _monitorPid);
        Libc.close(slave);
        Libc.close(theirs);
        if (stderrWrite >= 0)
        {
            Libc.close(stderrWrite);
        }

        if (user is not null && userFd != user.Fd)
        {
            Libc.close(userFd);
        }

        _ownsStdin = plan.Stdin;
        if (error != 0)
        {
            Dispose();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot start the terminal's monitor: {Errno.Text(error)}");
        }
    }

    public string TransportMode => "posix-pty";

    public IReadOnlyList<CommandOutput> Outputs => _outputs;

    public int Input => _master;

    public int ChangeFd => _monitor.Fd;

    public int Pid { get; private set; }

    /// <summary>The device of the command's side.</summary>
    public string SlavePath { get; }

    /// <summary>The command's session, which its monitor leads.</summary>
    public int Session => _monitorPid;

    public StartFailure? Start(CommandSpec spec, bool foreground)
    {
        // The monitor has them by now, and until here sup's own options may have named one of them.
        Descriptors.CloseInherited();
        if (!_ownsStdin)
        {
            Descriptors.LetGo(0);
        }

        if (!_monitor.Send(MonitorFrame.Start, StartRequest.Encode(spec, foreground, _user?.Settings))
            || _monitor.Receive() is not { } answer)
        {
            _monitorGone = true;
            return new StartFailure(ExitCode.Failure, "cannot start the command: the terminal's monitor died");
        }

        if (answer.Kind == MonitorFrame.StartFailed)
        {
            string[] failure = Encoding.UTF8.GetString(answer.Payload).Split(' ', 2);
            return new StartFailure(int.Parse(failure[0], CultureInfo.InvariantCulture), failure[1]);
        }

        Pid = MonitorChannel.Number(answer.Payload, 0);
        return null;
    }

    /// <summary>
    /// Takes over the user's terminal settings, once, and only in the foreground: in the background they are those of the shell's
    /// line editor. Not when the command has set its own by then.
    /// </summary>
    public void AdoptSettings()
    {
        if (!_adopted && _user is { IsForeground: true })
        {
            _adopted = true;
            if (Tty.TryGetSettings(_master, out Termios now) && now.Equals(_initialSettings))
            {
                Tty.SetSettings(_master, _user.Settings);
            }
        }
    }

    /// <summary>
    /// Whether the command could read something. Asked of the slave by poll(2), which first has the kernel's worker deliver what is on
    /// its way. It is opened for the moment only: held open, the terminal would not end with its command.
    /// </summary>
    public bool HasUnreadInput()
    {
        int slave = Io.Open(SlavePath, Libc.O_RDONLY | Libc.O_NOCTTY | Libc.O_NONBLOCK);
        bool unread = slave >= 0 && Io.WaitFor(slave, Libc.POLLIN, 0);
        Libc.close(slave);
        return unread;
    }

    public WaitStatus NextChange()
    {
        if (!_monitorGone && Io.WaitFor(_monitor.Fd, Libc.POLLIN, 0))
        {
            if (_monitor.Receive() is { } frame)
            {
                return new WaitStatus(
                    (ChildChange)MonitorChannel.Number(frame.Payload, 0), MonitorChannel.Number(frame.Payload, 1));
            }

            _monitorGone = true;
            return new WaitStatus(ChildChange.Unknown, 0);
        }

        return default;
    }

    public void Signal(int signal) => _monitor.Send(MonitorFrame.Signal, signal);

    public void Continue(bool foreground) => _monitor.Send(MonitorFrame.Continue, StartRequest.EncodeContinue(foreground, _user?.Settings));

    public void Resize(TerminalSize size) => Tty.SetSize(_master, size);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        // The monitor goes at once; waiting for it leaves no process behind when sup is gone.
        if (_monitor.Send(MonitorFrame.Bye) && _monitorPid != 0)
        {
            WaitStatus.Reap(_monitorPid);
        }

        _monitor.Dispose();
        foreach (CommandOutput output in _outputs)
        {
            Libc.close(output.Fd);
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Text(int number) => Text(number.ToString(CultureInfo.InvariantCulture));
}
