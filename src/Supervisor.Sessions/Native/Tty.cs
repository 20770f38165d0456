using System.Text;
using Supervisor.Protocol.Values;

namespace Supervisor.Sessions.Native;

/// <summary>Terminals, as termios(3), tty_ioctl(4) and pty(7) have them.</summary>
internal static unsafe class Tty
{
    private const int TCSANOW = 0;

    private const uint IGNBRK = 1, BRKINT = 2, PARMRK = 0x8, ISTRIP = 0x20, INLCR = 0x40, IGNCR = 0x80, ICRNL = 0x100, IXON = 0x400;
    private const uint OPOST = 1, ONLCR = 4;
    private const uint CSIZE = 0x30, CS8 = 0x30, PARENB = 0x100;
    private const uint ISIG = 1, ICANON = 2, ECHO = 8, ECHONL = 0x40, IEXTEN = 0x8000;
    private const int VINTR = 0, VQUIT = 1, VEOF = 4, VTIME = 5, VMIN = 6, VLNEXT = 15;

    /// <summary>A new PTY: the master, non-blocking for us, and the path of its slave.</summary>
    public static (int Master, string SlavePath) OpenPty()
    {
        int master = Libc.posix_openpt(Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        byte* name = stackalloc byte[128];
        if (master < 0 || Libc.grantpt(master) != 0 || Libc.unlockpt(master) != 0 || Libc.ptsname_r(master, name, 128) != 0)
        {
            throw Errno.Exception("cannot open a terminal", Errno.Last);
        }

        int length = new ReadOnlySpan<byte>(name, 128).IndexOf((byte)0);
        return (master, Encoding.ASCII.GetString(name, length));
    }

    /// <summary>
    /// Opens the slave of <paramref name="master"/> with the flags that terminals have everywhere: one opened by its name has O_LARGEFILE
    /// too. Close-on-exec. -1 where the kernel cannot (before 4.13).
    /// </summary>
    public static int OpenPeer(int master)
    {
        // O_CLOEXEC in this call would show among the flags of every process that gets the terminal.
        int slave = Libc.ioctl(master, Libc.TIOCGPTPEER, (void*)(Libc.O_RDWR | Libc.O_NOCTTY));
        if (slave >= 0)
        {
            Libc.fcntl(slave, Libc.F_SETFD, Libc.FD_CLOEXEC);
        }

        return slave;
    }

    /// <summary>Makes <paramref name="slave"/> the controlling terminal of this process, which must lead a session without one.</summary>
    public static bool TakeControl(int slave) => Libc.ioctl(slave, Libc.TIOCSCTTY, null) == 0;

    /// <summary>How many bytes a read would give now.</summary>
    public static int Readable(int fd)
    {
        int count = 0;
        return Libc.ioctl(fd, Libc.FIONREAD, &count) == 0 ? count : 0;
    }

    public static bool TryGetSettings(int fd, out Termios settings)
    {
        fixed (Termios* t = &settings)
        {
            return Libc.tcgetattr(fd, t) == 0;
        }
    }

    public static bool SetSettings(int fd, Termios settings) => Libc.tcsetattr(fd, TCSANOW, &settings) == 0;

    /// <summary>cfmakeraw(3): every byte passes unchanged both ways, one at a time.</summary>
    public static Termios Raw(Termios settings)
    {
        settings.InputFlags &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
        settings.OutputFlags &= ~OPOST;
        settings.LocalFlags &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        settings.ControlFlags = (settings.ControlFlags & ~(CSIZE | PARENB)) | CS8;
        settings.ControlCharacters[VMIN] = 1;
        settings.ControlCharacters[VTIME] = 0;
        return settings;
    }

    /// <summary>Whether the terminal puts a carriage return before each newline that is written to it.</summary>
    public static bool AddsReturns(int fd) =>
        TryGetSettings(fd, out Termios settings) && (settings.OutputFlags & (OPOST | ONLCR)) == (OPOST | ONLCR);

    public static bool IsCanonical(in Termios settings) => (settings.LocalFlags & ICANON) != 0;

    public static Termios WithCanonical(Termios settings, bool canonical)
    {
        settings.LocalFlags = canonical ? settings.LocalFlags | ICANON : settings.LocalFlags & ~ICANON;
        return settings;
    }

    public static Termios WithoutEcho(Termios settings)
    {
        settings.LocalFlags &= ~(ECHO | ECHONL);
        return settings;
    }

    public static byte EndOfFileKey(in Termios settings) => settings.ControlCharacters[VEOF];

    /// <summary>The signal that the terminal raises for this key, or 0.</summary>
    public static int SignalOfKey(in Termios settings, byte key)
    {
        // A control character of 0 is switched off (_POSIX_VDISABLE on Linux).
        if ((settings.LocalFlags & ISIG) == 0 || key == 0)
        {
            return 0;
        }

        return key == settings.ControlCharacters[VINTR] ? Signals.SIGINT
            : key == settings.ControlCharacters[VQUIT] ? Signals.SIGQUIT
            : 0;
    }

    /// <summary>Whether the key takes the next one's special meaning (Ctrl-V).</summary>
    public static bool QuotesNext(in Termios settings, byte key) =>
        (settings.LocalFlags & (ICANON | IEXTEN)) == (ICANON | IEXTEN) && key != 0 && key == settings.ControlCharacters[VLNEXT];

    public static TerminalSize? GetSize(int fd)
    {
        WindowSize size;
        return Libc.ioctl(fd, Libc.TIOCGWINSZ, &size) == 0
            ? new TerminalSize(size.Columns, size.Rows, size.PixelWidth, size.PixelHeight)
            : null;
    }

    public static void SetSize(int fd, TerminalSize size)
    {
        WindowSize wanted = new()
        {
            Columns = size.Columns,
            Rows = size.Rows,
            PixelWidth = size.PixelWidth,
            PixelHeight = size.PixelHeight,
        };
        Libc.ioctl(fd, Libc.TIOCSWINSZ, &wanted);
    }
}
