using System.Diagnostics;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Ownership;

/// <summary>
/// Ends the command because a person asked for it: a signal it may answer, a grace, and SIGKILL for all of its processes that
/// are left.
/// </summary>
internal sealed class CommandStop(ICommandTerminal terminal)
{
    private const int LookMilliseconds = 20;
    private const int AfterKillMilliseconds = 2000;

    private int _signal;
    private long _deadline;
    private bool _killed;

    /// <summary>Whether a person asked.</summary>
    public bool WasAsked { get; private set; }

    /// <summary>Milliseconds until <see cref="KillIfDue"/> has something to do, as poll(2) takes it.</summary>
    public int Timeout => !WasAsked || _killed ? Io.Forever : (int)Math.Clamp(_deadline - Environment.TickCount64, 0, int.MaxValue);

    /// <summary>Asked again, the earlier deadline counts.</summary>
    public void Begin(int signal, TimeSpan grace)
    {
        long deadline = Environment.TickCount64 + (long)grace.TotalMilliseconds;
        (_signal, _deadline) = (signal, WasAsked ? Math.Min(_deadline, deadline) : deadline);
        WasAsked = true;
        terminal.Signal(signal);

        // A stopped process takes no signal but SIGCONT. An interactive shell ignores SIGTERM; a hang-up ends it.
        terminal.Signal(Signals.SIGCONT);
        if (terminal.Input >= 0 && ProcessSignal.IsIgnoredBy(terminal.Pid, signal))
        {
            Libc.kill(terminal.Pid, Signals.SIGHUP);
        }
    }

    /// <summary>Kills what the grace has not ended.</summary>
    public void KillIfDue(OwnedSession session)
    {
        if (WasAsked && !_killed && Environment.TickCount64 >= _deadline)
        {
            _killed = true;
            Kill(session, Signals.SIGKILL);
        }
    }

    /// <summary>The command itself has ended: so shall what it has left behind.</summary>
    /// <param name="session">Whose processes.</param>
    /// <param name="pass">Called again and again with the milliseconds to let pass.</param>
    public void EndRest(OwnedSession session, Action<int> pass)
    {
        if (WasAsked)
        {
            // Asked again meanwhile, the deadline may come nearer.
            EndRest(session, _signal, () => _deadline, pass);
        }
    }

    /// <summary>Ends what an attempt has left behind that is over, before the next begins.</summary>
    /// <param name="session">Whose processes.</param>
    /// <param name="signal">The signal's number.</param>
    /// <param name="grace">How long until SIGKILL.</param>
    /// <param name="pass">Called again and again with the milliseconds to let pass.</param>
    /// <returns>False when some live on even so.</returns>
    public static bool EndRest(OwnedSession session, int signal, TimeSpan grace, Action<int> pass)
    {
        long end = Environment.TickCount64 + (long)grace.TotalMilliseconds;
        if (!EndRest(session, signal, () => end, pass))
        {
            return true;
        }

        long deadline = Environment.TickCount64 + AfterKillMilliseconds;
        while (Survivors.Of(session.Meta, session.Folder?.Path).Count > 0)
        {
            if (Environment.TickCount64 > deadline)
            {
                return false;
            }

            pass(LookMilliseconds);
        }

        return true;
    }

    /// <returns>Whether there was anything.</returns>
    private static bool EndRest(OwnedSession session, int signal, Func<long> deadline, Action<int> pass)
    {
        if (!Kill(session, signal))
        {
            return false;
        }

        while (Environment.TickCount64 < deadline() && Survivors.Of(session.Meta, session.Folder?.Path).Count > 0)
        {
            // They are nobody's children here: nothing tells of their end.
            pass(LookMilliseconds);
        }

        Kill(session, Signals.SIGKILL);
        return true;
    }

    private static bool Kill(OwnedSession session, int signal)
    {
        bool any = false;
        foreach (Survivor survivor in Survivors.Of(session.Meta, session.Folder?.Path))
        {
            ProcessIdentity process = new(survivor.Pid, survivor.StartTime);
            any |= ProcessSignal.Send(process, signal);
            if (signal != Signals.SIGKILL)
            {
                // A stopped process takes no other signal.
                ProcessSignal.Send(process, Signals.SIGCONT);
            }
        }

        return any;
    }
}
