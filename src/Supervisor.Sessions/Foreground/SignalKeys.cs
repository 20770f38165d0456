using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// A signal key belongs to the whole foreground job, of which the command is only a part: a script around us, or the
/// other end of a pipeline. The PTY signals the command; the rest of our group gets it here, as from the terminal.
/// </summary>
internal sealed class SignalKeys(UserTerminal user, ICommandTerminal terminal)
{
    private bool _nextKeyQuoted;
    private ulong _pressed;

    /// <summary>The signals that the user has sent to the command by a key until now, as a set.</summary>
    public ulong Pressed => Volatile.Read(ref _pressed);

    /// <summary>Looks at keys on their way to the command. Called from the thread that moves them.</summary>
    public void Mirror(ReadOnlySpan<byte> typed)
    {
        if (!Tty.TryGetSettings(terminal.Input, out Termios settings))
        {
            return;
        }

        bool shared = user.SignalsOurGroup;
        foreach (byte key in typed)
        {
            bool quoted = _nextKeyQuoted;
            _nextKeyQuoted = !quoted && Tty.QuotesNext(settings, key);
            int signal = quoted || (key >= 0x20 && key != 0x7f) ? 0 : Tty.SignalOfKey(settings, key);
            if (signal != 0 && Libc.tcgetpgrp(terminal.Input) == terminal.Pid)
            {
                Volatile.Write(ref _pressed, _pressed | Signals.SetOf(signal));
                if (shared)
                {
                    Libc.kill(0, signal);
                }
            }
        }
    }
}
