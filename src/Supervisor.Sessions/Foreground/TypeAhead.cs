using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// What was typed while sup itself was starting. The user's terminal has shown it already, so the command's must not show it again.
/// </summary>
internal sealed class TypeAhead(UserTerminal user, PtyTerminal terminal)
{
    /// <summary>As much as a terminal holds; what is beyond has not been taken in by the user's either.</summary>
    private const int MaxBytes = 4095;

    private readonly byte[] _typed = new byte[MaxBytes];
    private int _length;

    /// <summary>Goes raw, and passes on what was typed until then. To be called before the command can change its terminal.</summary>
    public void TakeOver()
    {
        // Line by line while the terminal still has lines: only then an end-of-file key is one.
        while (_length < MaxBytes && Io.WaitFor(user.Fd, Libc.POLLIN, 0) && ReadSome())
        {
        }

        user.EnterRaw();
        if (_length < MaxBytes && Tty.Readable(user.Fd) > 0)
        {
            ReadSome();
        }

        if (_length > 0 && Tty.TryGetSettings(terminal.Input, out Termios settings))
        {
            Tty.SetSettings(terminal.Input, Tty.WithoutEcho(settings));
            Io.WriteAll(terminal.Input, _typed.AsSpan(0, _length));
            terminal.HasUnreadInput();
            Tty.SetSettings(terminal.Input, settings);
        }
    }

    /// <summary>False when there is no more to come.</summary>
    private bool ReadSome()
    {
        nint n = Io.Read(user.Fd, _typed.AsSpan(_length));
        if (n > 0)
        {
            _length += (int)n;
        }
        else if (n == 0 && Tty.TryGetSettings(terminal.Input, out Termios settings))
        {
            _typed[_length++] = Tty.EndOfFileKey(settings);
        }

        // A terminal that is gone reads as an end for ever; nobody types two of them ahead.
        return n > 0;
    }
}
