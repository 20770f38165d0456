using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// The run as a job of the shell that started it: who has the keys, stopping when the command stops, so that the shell gets its
/// terminal back, and going on when the shell says so. Used from the thread that decides.
/// </summary>
internal sealed class JobControl
{
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMilliseconds(200);

    private readonly UserTerminal? _user;
    private readonly ICommandTerminal _terminal;
    private readonly IReadOnlyList<OutputRelay> _relays;
    private readonly SizeFollower _size;
    private readonly bool _isPty;
    private bool _wantsTerminal;
    private int _stopSignal;
    private bool _commandStopped;

    /// <param name="user">The user's terminal, if any.</param>
    /// <param name="terminal">The command's.</param>
    /// <param name="relays">The output's; those that are there when the job stops are brought to rest first.</param>
    /// <param name="size">Looked at whenever the run comes to the front.</param>
    /// <param name="wantsTerminal">
    /// Whether the command is to have the keys from its start. Part of a pipeline, or a background job of a script, it is not: somebody
    /// else may be reading them. It starts in the background of its terminal, and gets the user's when it asks for it.
    /// </param>
    public JobControl(
        UserTerminal? user, ICommandTerminal terminal, IReadOnlyList<OutputRelay> relays, SizeFollower size, bool wantsTerminal)
    {
        (_user, _terminal, _relays, _size, _wantsTerminal) = (user, terminal, relays, size, wantsTerminal);
        _isPty = terminal.Input >= 0;
        IsForeground = LooksForeground;
    }

    /// <summary>Moves the keys; null when there are none to move.</summary>
    public InputRelay? Input { get; set; }

    /// <summary>Whether the run had the terminal when that was last looked at.</summary>
    public bool IsForeground { get; private set; }

    /// <summary>Whether it could be brought to the front without a signal that tells so.</summary>
    public bool MayComeForward => _isPty && _wantsTerminal && !IsForeground;

    private bool LooksForeground => _wantsTerminal && (_user?.IsForeground ?? true);

    /// <summary>The command is about to start: the terminal is its own from now on, if it is ours.</summary>
    public void Begin()
    {
        if (IsForeground && _user is not null && _terminal is PtyTerminal pty)
        {
            new TypeAhead(_user, pty).TakeOver();
        }
    }

    /// <summary>Somebody wants the whole job to stop, which the command has been told or will be.</summary>
    public void StopRequested(int signal) => _stopSignal = _isPty ? 0 : signal;

    /// <summary>Notes that the command stopped or went on.</summary>
    public void CommandChanged(WaitStatus change)
    {
        _commandStopped = change.Change == ChildChange.Stopped;
        if (_commandStopped && _isPty)
        {
            // On pipes the command is in our group. What stopped the whole group has reached us too; what stopped
            // the command alone is between it and whoever sent it.
            _stopSignal = change.Value;
        }
    }

    /// <summary>
    /// Stops as the command stopped, when it did. Returns true after having been continued: then <see cref="GoOn"/> is due, once what
    /// came meanwhile has been answered.
    /// </summary>
    public bool StopIfDue()
    {
        if (!_commandStopped || _stopSignal == 0)
        {
            return false;
        }

        // One that has its terminal, and stops so all the same, did it itself.
        bool asksForTerminal = _isPty && !IsForeground && (_stopSignal is Signals.SIGTTIN or Signals.SIGTTOU);
        _wantsTerminal |= asksForTerminal;
        if (!(asksForTerminal && _user is { IsForeground: true }))
        {
            Input?.Pause();
            foreach (OutputRelay relay in _relays)
            {
                relay.WaitUntilQuiet(QuietLimit);
            }

            StopSelf(_stopSignal);
        }

        return true;
    }

    /// <summary>Looks whether a run that waits in the background has been brought to the front.</summary>
    public void ComeForwardIfDue()
    {
        if (MayComeForward && _user is { IsForeground: true })
        {
            GoOn();
        }
    }

    /// <summary>Goes on where the shell put us, in front or not, with the command.</summary>
    public void GoOn()
    {
        _stopSignal = 0;
        IsForeground = LooksForeground;
        if (!IsForeground)
        {
            Input?.Pause();
        }
        else if (_isPty)
        {
            _user?.EnterRaw();
            (_terminal as PtyTerminal)?.AdoptSettings();
            _size.Follow();
            Input?.Resume();
        }

        _commandStopped = false;
        _terminal.Continue(IsForeground);
    }

    /// <summary>Stops this process; returns when it has been continued.</summary>
    public void StopSelf(int signal)
    {
        _user?.Restore();
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
}
