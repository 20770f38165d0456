using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// The user's terminal is gone: the command gets the hang-up signal, a moment in which its last words are still stored, and then
/// what it would have got at once without sup: end of file, or EIO.
/// </summary>
internal sealed class HangUp(UserTerminal? user, ICommandTerminal terminal, IReadOnlyList<OutputRelay> relays)
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private bool _begun;
    private bool _commandEnded;

    /// <summary>Whether the terminal has vanished; then <see cref="Begin"/> is due.</summary>
    public bool IsDue => user is { IsGone: true };

    /// <summary>Passes the hang-up on, once. From any thread.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_begun)
            {
                return;
            }

            _begun = true;
        }

        terminal.Signal(Signals.SIGHUP);
        SmallThread.Start("hang-up", CloseTerminal);
    }

    /// <summary>The command needs no terminal any more: its own stays open until all of it has been read.</summary>
    public void CommandEnded()
    {
        lock (_gate)
        {
            _commandEnded = true;
            Monitor.Pulse(_gate);
        }
    }

    private void CloseTerminal()
    {
        lock (_gate)
        {
            if (_commandEnded || Monitor.Wait(_gate, LastWords))
            {
                return;
            }
        }

        Descriptors.LetGo(terminal.Input);
        foreach (OutputRelay relay in relays)
        {
            // One that still waits for output keeps the terminal open.
            relay.LookAgain();
        }
    }
}
