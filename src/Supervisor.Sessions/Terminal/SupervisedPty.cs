using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Terminal;

/// <summary>
/// A PTY for a command in the background. The command itself leads the terminal's session: nobody stops it as a job, so no monitor
/// is needed.
/// </summary>
internal sealed class SupervisedPty : ICommandTerminal
{
    private readonly int _master;
    private readonly string _slavePath;
    private readonly List<CommandOutput> _outputs = [];
    private int _slave;
    private WaitStatus _end;
    private bool _disposed;

    public SupervisedPty(TerminalSize size)
    {
        (_master, _slavePath) = Tty.OpenPty();
        Tty.SetSize(_master, size);
        _outputs.Add(new CommandOutput(Channel.Pty, _master, CommandOutput.Nobody));

        // Held until the command has ended: between a close of all its descriptors and the next open of /dev/tty the terminal would
        // look as if it had ended.
        _slave = Io.Open(_slavePath, Libc.O_RDWR | Libc.O_NOCTTY);
    }

    public string TransportMode => "posix-pty";

    public IReadOnlyList<CommandOutput> Outputs => _outputs;

    public int Input => _master;

    public int ChangeFd { get; private set; } = -1;

    public int Pid { get; private set; }

    public StartFailure? Start(CommandSpec spec, bool foreground)
    {
        // The first terminal that a session's leader opens becomes its own.
        List<DescriptorAction> actions =
        [
            new DescriptorAction(0, DescriptorAction.Close, _slavePath),
            new DescriptorAction(1, 0),
            new DescriptorAction(2, 0),
        ];
        (Pid, StartFailure? failure) = CommandStarter.Start(spec, actions, newProcessGroup: false, newSession: true);
        if (failure is null)
        {
            ChangeFd = (int)Libc.syscall(Libc.SYS_pidfd_open, Pid, 0, 0);
        }
        else
        {
            CloseSlave();
        }

        return failure;
    }

    public WaitStatus NextChange()
    {
        if (Pid == 0 || _end.IsEnd)
        {
            return default;
        }

        WaitStatus change = WaitStatus.Next(Pid);
        if (change.IsEnd)
        {
            _end = change;
            CloseSlave();
        }

        return change;
    }

    public void Signal(int signal)
    {
        if (Pid == 0 || _end.IsEnd)
        {
            return;
        }

        // While the command is unreaped the number of its session's group is nobody else's.
        int group = Libc.tcgetpgrp(_master);
        if (group <= 0 || Libc.kill(-group, signal) != 0)
        {
            Libc.kill(Pid, signal);
        }
    }

    public void Continue(bool foreground) => Signal(Signals.SIGCONT);

    public void Resize(TerminalSize size) => Tty.SetSize(_master, size);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        CloseSlave();
        Libc.close(_master);
        if (ChangeFd >= 0)
        {
            Libc.close(ChangeFd);
        }
    }

    private void CloseSlave()
    {
        if (_slave >= 0)
        {
            Libc.close(_slave);
            _slave = -1;
        }
    }
}
