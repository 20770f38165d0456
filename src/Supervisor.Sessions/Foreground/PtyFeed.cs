using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Types a stdin that is no terminal into a PTY (<c>--pty always</c>), as it comes. A terminal in canonical mode cuts a line at 4,096
/// bytes, so at the first longer one it is taken out of that mode, and the last byte so far is held back: at the end it is typed in
/// canonical mode again, with the end-of-file key behind it, because a read(2) that began before does not see the key alone (n_tty: it
/// still waits for VMIN bytes).
/// </summary>
internal static class PtyFeed
{
    private const int BufferBytes = 4096;

    /// <summary>The longest line that is left to canonical mode; the kernel's limit is 4,095.</summary>
    private const int LongestLine = 4000;

    /// <summary>Nothing tells when a terminal's input has been read; so it is looked at this often, at the end only.</summary>
    private const int LookMilliseconds = 2;

    /// <summary>Feeds on a thread of its own, which ends with the process at the latest.</summary>
    public static void Start(PtyTerminal terminal) => SmallThread.Start("feed", () => Run(terminal));

    private static void Run(PtyTerminal terminal)
    {
        byte[] buffer = new byte[BufferBytes];
        int held = 0;
        bool unfinished = false;
        int master = terminal.Input;
        bool changed = false;
        int line = 0;
        while (true)
        {
            nint n = Io.Read(0, buffer.AsSpan(held));
            if (n < 0 && Errno.Last == Errno.EAGAIN)
            {
                Io.WaitFor(0, Libc.POLLIN, Io.Forever);
                continue;
            }

            if (n <= 0)
            {
                break;
            }

            if (!changed && IsLong(buffer.AsSpan(0, (int)n), ref line) && Tty.TryGetSettings(master, out Termios settings) && Tty.IsCanonical(settings))
            {
                Tty.SetSettings(master, Tty.WithCanonical(settings, canonical: false));
                changed = true;
            }

            int length = held + (int)n;
            int kept = changed ? 1 : 0;
            if (Io.WriteAll(master, buffer.AsSpan(0, length - kept)) != 0)
            {
                return;
            }

            (buffer[0], held) = (buffer[length - 1], kept);
            unfinished = buffer[0] != (byte)'\n';
        }

        End(terminal, changed, buffer.AsSpan(0, held), unfinished);
    }

    /// <summary>Whether a line becomes too long for canonical mode.</summary>
    /// <param name="bytes">What comes next.</param>
    /// <param name="line">How long the line is that goes on behind it.</param>
    private static bool IsLong(ReadOnlySpan<byte> bytes, ref int line)
    {
        bool isLong = false;
        foreach (byte b in bytes)
        {
            line = b == (byte)'\n' ? 0 : line + 1;
            isLong |= line > LongestLine;
        }

        return isLong;
    }

    private static void End(PtyTerminal terminal, bool changed, ReadOnlySpan<byte> last, bool unfinished)
    {
        while (terminal.HasUnreadInput())
        {
            Thread.Sleep(LookMilliseconds);
        }

        if (!Tty.TryGetSettings(terminal.Input, out Termios settings))
        {
            return;
        }

        // A command that set its own modes meanwhile keeps them.
        if (changed && !Tty.IsCanonical(settings))
        {
            settings = Tty.WithCanonical(settings, canonical: true);
            Tty.SetSettings(terminal.Input, settings);
        }

        // Behind an unfinished line the key first only ends the line (termios(3)).
        byte key = Tty.EndOfFileKey(settings);
        Io.WriteAll(terminal.Input, unfinished ? [.. last, key, key] : [.. last, key]);
    }
}
