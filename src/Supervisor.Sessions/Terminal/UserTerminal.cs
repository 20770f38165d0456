using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Terminal;

/// <summary>
/// The terminal the user sits at. Raw while the command has it, so that every key reaches the command's own terminal
/// unchanged, and exactly as before on every way out. Touched only while it is ours: in the background a change would
/// stop us, or fight with the shell.
/// </summary>
internal sealed class UserTerminal
{
    private readonly bool _isControlling;
    private Termios _settings;
    private bool _raw;

    private UserTerminal(int fd, Termios settings)
    {
        (Fd, _settings) = (fd, settings);
        _isControlling = Libc.tcgetpgrp(fd) > 0;
    }

    /// <summary>Open for reading and writing.</summary>
    public int Fd { get; }

    /// <summary>As the user has them when no command runs in it.</summary>
    public Termios Settings => _settings;

    public TerminalSize? Size => Tty.GetSize(Fd);

    /// <summary>Whether keys typed now are meant for us. A terminal that is not our controlling one has no such rule.</summary>
    public bool IsForeground => !_isControlling || Libc.tcgetpgrp(Fd) == Libc.getpgrp();

    /// <summary>Whether a signal key typed here would have gone to our process group.</summary>
    public bool SignalsOurGroup => _isControlling;

    /// <summary>The terminal of stdin, else the controlling one, else that of stdout; null when there is none.</summary>
    public static UserTerminal? Open()
    {
        if (Io.IsTerminal(0))
        {
            return Of(0);
        }

        int fd = Io.Open("/dev/tty", Libc.O_RDWR | Libc.O_NOCTTY);
        return fd >= 0 ? Of(fd) : Io.IsTerminal(1) ? Of(1) : null;
    }

    public void EnterRaw()
    {
        if (!_raw && IsForeground && Tty.TryGetSettings(Fd, out Termios now))
        {
            _settings = now;
            _raw = Tty.SetSettings(Fd, Tty.Raw(now));
        }
    }

    /// <summary>Puts the settings back, if it was we who changed them.</summary>
    public void Restore()
    {
        if (_raw)
        {
            _raw = false;
            Tty.SetSettings(Fd, _settings);
        }
    }

    private static UserTerminal? Of(int fd) => Tty.TryGetSettings(fd, out Termios settings) ? new UserTerminal(fd, settings) : null;
}
