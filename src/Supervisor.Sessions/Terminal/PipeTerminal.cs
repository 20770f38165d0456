using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Terminal;

/// <summary>
/// No terminal: stdout and stderr become captured pipes. In the foreground stdin stays what it is, and the command stays in our process
/// group, so that it may read the caller's terminal and gets its Ctrl-C.
/// </summary>
internal sealed class PipeTerminal : ICommandTerminal
{
    /// <summary>Four times the default of pipe(7): fewer switches for a command that prints much.</summary>
    public const int PipeBytes = 256 * 1024;

    private readonly List<CommandOutput> _outputs = [];
    private readonly int[] _writeEnds = [-1, -1, -1];
    private WaitStatus _end;
    private readonly bool _supervised;
    private bool _disposed;

    /// <summary>For a command in the background: it leads a session of its own, and its stdin is empty.</summary>
    public PipeTerminal()
    {
        _supervised = true;
        Capture(CallerState.Plain, 1, Channel.Stdout);
        Capture(CallerState.Plain, 2, Channel.Stderr);
    }

    /// <summary>For a command in the caller's place.</summary>
    /// <param name="caller">A stream that was closed stays closed, and is not captured.</param>
    /// <param name="together">Whether stdout and stderr are one file: two pipes would lose the order of what is written to them.</param>
    public PipeTerminal(CallerState caller, bool together)
    {
        Capture(caller, 1, Channel.Stdout);
        if (together && _writeEnds[1] >= 0 && !caller.WasClosed(2))
        {
            _writeEnds[2] = Libc.fcntl(_writeEnds[1], Libc.F_DUPFD_CLOEXEC, 3);
        }
        else
        {
            Capture(caller, 2, Channel.Stderr);
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
        if (_supervised)
        {
            actions.Add(new DescriptorAction(0, DescriptorAction.Close, "/dev/null"));
        }

        for (int fd = 0; fd <= 2; fd++)
        {
            if (_writeEnds[fd] >= 0)
            {
                actions.Add(new DescriptorAction(fd, _writeEnds[fd]));
            }

            if (spec.Caller.WasClosed(fd))
            {
                actions.Add(new DescriptorAction(fd, DescriptorAction.Close));
            }
        }

        (Pid, StartFailure? failure) = CommandStarter.Start(spec, actions, newProcessGroup: false, newSession: _supervised);
        CloseWriteEnds();
        if (failure is null)
        {
            if (!_supervised)
            {
                // The command is now the only one that holds what the caller handed down, its stdin among it.
                Descriptors.CloseInherited();
                Descriptors.LetGo(0);
            }

            ChangeFd = (int)Libc.syscall(Libc.SYS_pidfd_open, Pid, 0, 0);
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
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (CommandOutput output in _outputs)
        {
            Libc.close(output.Fd);
        }

        CloseWriteEnds();
        if (ChangeFd >= 0)
        {
            Libc.close(ChangeFd);
        }
    }

    private void Capture(CallerState caller, int target, Channel channel)
    {
        if (caller.WasClosed(target))
        {
            return;
        }

        (int read, _writeEnds[target]) = Io.Pipe();
        Libc.fcntl(read, Libc.F_SETPIPE_SZ, PipeBytes);
        Io.SetNonBlocking(read);
        _outputs.Add(new CommandOutput(channel, read, _supervised ? CommandOutput.Nobody : target));
    }

    private void CloseWriteEnds()
    {
        for (int fd = 0; fd < _writeEnds.Length; fd++)
        {
            if (_writeEnds[fd] >= 0)
            {
                Libc.close(_writeEnds[fd]);
                _writeEnds[fd] = -1;
            }
        }
    }
}
