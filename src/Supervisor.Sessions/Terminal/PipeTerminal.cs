using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Terminal;

/// <summary>
/// No terminal: stdin stays what it is, stdout and stderr become captured pipes. The command stays in our process group,
/// so that it may read the caller's terminal and gets its Ctrl-C.
/// </summary>
internal sealed class PipeTerminal : ICommandTerminal
{
    /// <summary>Four times the default of pipe(7): fewer switches for a command that prints much.</summary>
    private const int PipeBytes = 256 * 1024;

    private readonly List<CommandOutput> _outputs = [];
    private readonly List<(int Target, int WriteEnd)> _writeEnds = [];
    private WaitStatus _end;

    /// <param name="caller">A stream that was closed stays closed, and is not captured.</param>
    public PipeTerminal(CallerState caller)
    {
        foreach ((int target, Channel channel) in new[] { (1, Channel.Stdout), (2, Channel.Stderr) })
        {
            if (caller.WasClosed(target))
            {
                continue;
            }

            (int read, int write) = Io.Pipe();
            Libc.fcntl(read, Libc.F_SETPIPE_SZ, PipeBytes);
            Io.SetNonBlocking(read);
            _outputs.Add(new CommandOutput(channel, read, target));
            _writeEnds.Add((target, write));
        }
    }

    public string TransportMode => "pipe";

    public IReadOnlyList<CommandOutput> Outputs => _outputs;

    public int Input => -1;

    public int ChangeFd { get; private set; } = -1;

    public int Pid { get; private set; }

    public StartFailure? Start(CommandSpec spec, bool foreground)
    {
        List<DescriptorAction> actions = [];
        foreach ((int target, int write) in _writeEnds)
        {
            actions.Add(new DescriptorAction(target, write));
        }

        for (int fd = 0; fd <= 2; fd++)
        {
            if (spec.Caller.WasClosed(fd))
            {
                actions.Add(new DescriptorAction(fd, DescriptorAction.Close));
            }
        }

        (Pid, StartFailure? failure) = CommandStarter.Start(spec, actions, newProcessGroup: false);
        foreach ((int _, int write) in _writeEnds)
        {
            Libc.close(write);
        }

        _writeEnds.Clear();
        if (failure is null)
        {
            // The command is now the only one that holds what the caller handed down, its stdin among it.
            Descriptors.CloseInherited();
            Descriptors.LetGo(0);
            ChangeFd = (int)Libc.syscall(Libc.SYS_pidfd_open, Pid, 0);
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
        }

        return change;
    }

    public void Signal(int signal)
    {
        // Unreaped, the number is still the command's.
        if (Pid != 0 && !_end.IsEnd)
        {
            Libc.kill(Pid, signal);
        }
    }

    public void Continue(bool foreground)
    {
        // Whoever continued us as a job has continued the command too, which is in the same group: once is enough.
        if (ProcStat.Read(Pid) is { State: 'T' })
        {
            Signal(Signals.SIGCONT);
        }
    }

    public void Resize(TerminalSize size)
    {
        // The command, if it has a terminal at all, has the caller's own.
    }

    public void Dispose()
    {
        foreach (CommandOutput output in _outputs)
        {
            Libc.close(output.Fd);
        }

        foreach ((int _, int write) in _writeEnds)
        {
            Libc.close(write);
        }

        if (ChangeFd >= 0)
        {
            Libc.close(ChangeFd);
        }
    }
}
