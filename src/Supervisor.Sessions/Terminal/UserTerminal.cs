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

    /// <summary>
    /// Whether keys typed now are meant for us. A terminal that is not our controlling one has no such rule, and one that is gone
    /// belongs to nobody else.
    /// </summary>
    public bool IsForeground => !_isControlling || IsOurs(Libc.tcgetpgrp(Fd));

    /// <summary>Whether the terminal has vanished: its window was closed, its connection lost.</summary>
    public bool IsGone => !Tty.TryGetSettings(Fd, out _);

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

    /// <summary>Does nothing in the background, and when the terminal is raw already by our own doing.</summary>
    public void EnterRaw()
    {
        // While we were stopped a shell may have put its own settings back; then those are what is to be restored.
        if (IsForeground && Tty.TryGetSettings(Fd, out Termios now) && !(_raw && now.Equals(Tty.Raw(_settings))))
        {
            _settings = now;
            _raw = Tty.SetSettings(Fd, Tty.Raw(now));
        }
    }

    /// <summary>Puts the settings back, if it was we who changed them and nobody else has the terminal by now.</summary>
    public void Restore()
    {
        if (_raw && IsForeground)
        {
            Tty.SetSettings(Fd, _settings);
        }

        _raw = false;
    }

    private static bool IsOurs(int group) => group < 0 || group == Libc.getpgrp();

    private static UserTerminal? Of(int fd) => Tty.TryGetSettings(fd, out Termios settings) ? new UserTerminal(fd, settings) : null;
}
