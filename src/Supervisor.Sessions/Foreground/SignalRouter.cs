using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Gives the command each signal that sup got for it, once: what the terminal sends to a whole process group, on pipes the command
/// has already.
/// </summary>
internal sealed class SignalRouter(ICommandTerminal terminal, JobControl job, SizeFollower size, HangUp hangUp)
{
    private readonly bool _isPty = terminal.Input >= 0;

    /// <summary>Answers one signal.</summary>
    public void Route(ReceivedSignal signal)
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
                PassOn(signal.Number, fromTerminal);
                job.StopRequested(signal.Number);
                break;
            case Signals.SIGHUP when _isPty && fromTerminal && hangUp.IsDue:
                hangUp.Begin();
                break;
            case Signals.SIGHUP or Signals.SIGINT or Signals.SIGQUIT or Signals.SIGTERM or Signals.SIGUSR1 or Signals.SIGUSR2
                or Signals.SIGALRM or Signals.SIGVTALRM or Signals.SIGPROF or Signals.SIGIO or Signals.SIGPWR
                when !fromUs && !IsFromCommand(signal.SenderPid):
                PassOn(signal.Number, fromTerminal);
                break;
            default:
                break;
        }
    }

    private void PassOn(int signal, bool fromTerminal)
    {
        // On pipes the terminal has already given it to the command, which is in our group.
        if (_isPty || !fromTerminal)
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
