using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// The terminal of a run, ready for its command. A PTY's monitor is a process that takes as long to start as sup itself: the
/// sooner this is made, the more of that passes while other things are done.
/// </summary>
public sealed class PreparedTerminal : IDisposable
{
    private PreparedTerminal(ICommandTerminal terminal, UserTerminal? user, TerminalSize? size)
    {
        (Terminal, User, Size) = (terminal, user, size);
    }

    internal ICommandTerminal Terminal { get; }

    internal UserTerminal? User { get; }

    internal TerminalSize? Size { get; }

    internal bool StdinIsTerminal { get; private init; }

    /// <summary>Decides by the contract's rule what each of stdin, stdout and stderr becomes.</summary>
    public static PreparedTerminal Open(PtyChoice choice, CallerState caller, string program)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (choice == PtyChoice.Never || (choice == PtyChoice.Auto && !WouldBePty(caller)))
        {
            return new PreparedTerminal(new PipeTerminal(caller, Descriptors.AreOneFile(1, 2)), null, null);
        }

        bool stdinIsTerminal = !caller.WasClosed(0) && Io.IsTerminal(0);
        bool all = choice == PtyChoice.Always;
        UserTerminal? user = all && !stdinIsTerminal ? null : UserTerminal.Open();
        TerminalSize? size = user?.Size ?? Tty.GetSize(1) ?? Tty.GetSize(2);
        PtyPlan plan = all
            ? new PtyPlan(true, true, true)
            : new PtyPlan(stdinIsTerminal, true, !caller.WasClosed(2) && Io.IsTerminal(2));
        return new PreparedTerminal(new PtyTerminal(plan, user, size, caller, program), user, size)
        {
            StdinIsTerminal = stdinIsTerminal,
        };
    }

    /// <summary>Whether the command gets a PTY when nothing else is asked for: when stdout is a terminal.</summary>
    public static bool WouldBePty(CallerState caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return !caller.WasClosed(1) && Io.IsTerminal(1);
    }

    public void Dispose() => Terminal.Dispose();
}
