using System.Diagnostics;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Gives the command each signal that sup got for it, once: what the terminal sends to a whole process group, on pipes the command
/// has already.
/// </summary>
internal sealed class SignalRouter(ICommandTerminal terminal, JobControl job, SizeFollower size, HangUp hangUp) : IDisposable
{
    /// <summary>How long a command runs before it is worth a process to watch the group for it.</summary>
    private static readonly TimeSpan WatchAfter = TimeSpan.FromMilliseconds(50);

    /// <summary>What is passed on, and must not be to a command that has it by its group.</summary>
    private static readonly ulong PassedOn = Signals.Handled & ~Signals.SetOf(Signals.SIGCHLD, Signals.SIGCONT, Signals.SIGWINCH);

    private readonly bool _isPty = terminal.Input >= 0;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private GroupCanary? _canary;
    private bool _watches;

    /// <summary>In how many milliseconds <see cref="WatchGroup"/> has something to do; -1 for never.</summary>
    public int Due => _isPty || _watches
        ? Io.Forever
        : Math.Max(0, (int)Math.Ceiling((WatchAfter - Stopwatch.GetElapsedTime(_begun)).TotalMilliseconds));

    /// <summary>Begins to watch the process group when that is due: on pipes, where the command is in it.</summary>
    public void WatchGroup()
    {
        if (Due == 0)
        {
            _watches = true;
            _canary = GroupCanary.Start();
        }
    }

    /// <summary>What the terminal has sent until now, as a set: by a key, or when it went away.</summary>
    public ulong FromTerminal { get; private set; }

    /// <summary>Answers one signal.</summary>
    public void Route(ReceivedSignal signal)
    {
        FromTerminal |= signal.Code == Signals.SI_KERNEL ? Signals.SetOf(signal.Number) : 0;
        ulong group = _canary is null || !Signals.Contains(PassedOn, signal.Number) ? 0 : _canary.Pending & PassedOn;
        Route(signal, Signals.Contains(group, signal.Number) || signal.Code == Signals.SI_KERNEL);
        if (group != 0)
        {
            // It has done its work: pending signals are not counted.
            _canary?.Dispose();
            _canary = GroupCanary.Start();
        }
    }

    /// <summary>Without a command there is nothing to watch for.</summary>
    public void Dispose()
    {
        _watches = true;
        _canary?.Dispose();
        _canary = null;
    }

    private void Route(ReceivedSignal signal, bool hasGroup)
    {
        bool fromUs = signal.SenderPid == Environment.ProcessId;
        bool fromTerminal = signal.Code == Signals.SI_KERNEL;
        switch (signal.Number)
        {
            case Signals.SIGWINCH:
                size.Follow();
                break;
            case Signals.SIGCONT:
                job.GoOn();
                break;
            case Signals.SIGTSTP or Signals.SIGTTIN or Signals.SIGTTOU when !fromUs:
                PassOn(signal.Number, hasGroup);
                job.StopRequested(signal.Number);
                break;
            case Signals.SIGHUP when _isPty && fromTerminal && hangUp.IsDue:
                hangUp.Begin();
                break;
            case Signals.SIGHUP or Signals.SIGINT or Signals.SIGQUIT or Signals.SIGTERM or Signals.SIGUSR1 or Signals.SIGUSR2
                or Signals.SIGALRM or Signals.SIGVTALRM or Signals.SIGPROF or Signals.SIGIO or Signals.SIGPWR
                when !fromUs && !IsFromCommand(signal.SenderPid):
                PassOn(signal.Number, hasGroup);
                break;
            default:
                break;
        }
    }

    private void PassOn(int signal, bool hasGroup)
    {
        // On pipes the command is in our group, and has what the terminal or somebody else sent to all of it.
        if (_isPty || !hasGroup)
        {
            terminal.Signal(signal);
        }
    }

    /// <summary>A command that signals its parent does not mean itself.</summary>
    private bool IsFromCommand(int sender) =>
        sender > 0
        && (sender == terminal.Pid
            || (terminal is PtyTerminal pty && ProcStat.Read(sender) is { } stat && stat.Session == pty.Session));
}
