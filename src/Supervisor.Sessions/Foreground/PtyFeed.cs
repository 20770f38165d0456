using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Types a stdin that is no terminal into a PTY (<c>--pty always</c>). A terminal in canonical mode cuts a line at 4,096 bytes, so
/// it is taken out of that mode while there is more. At the end the last byte is typed in canonical mode again, with the end-of-file
/// key behind it: a read(2) that began before does not see the key alone (n_tty: it still waits for VMIN bytes).
/// </summary>
internal static class PtyFeed
{
    private const int BufferBytes = 4096;

    /// <summary>Nothing tells when a terminal's input has been read; so it is looked at this often, at the end only.</summary>
    private const int LookMilliseconds = 2;

    /// <summary>Feeds on a thread of its own, which ends with the process at the latest.</summary>
    public static void Start(PtyTerminal terminal) => SmallThread.Start("feed", () => Run(terminal));

    private static void Run(PtyTerminal terminal)
    {
        byte[] buffer = new byte[BufferBytes];
        int held = 0;
        int master = terminal.Input;
        bool changed = false;
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

            if (held == 0 && Tty.TryGetSettings(master, out Termios settings) && Tty.IsCanonical(settings))
            {
                Tty.SetSettings(master, Tty.WithCanonical(settings, canonical: false));
                changed = true;
            }

            int length = held + (int)n;
            if (Io.WriteAll(master, buffer.AsSpan(0, length - 1)) != 0)
            {
                return;
            }

            buffer[0] = buffer[length - 1];
            held = 1;
        }

        End(terminal, changed, buffer.AsSpan(0, held));
    }

    private static void End(PtyTerminal terminal, bool changed, ReadOnlySpan<byte> last)
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
        bool unfinished = !last.IsEmpty && last[0] != (byte)'\n';
        Io.WriteAll(terminal.Input, unfinished ? [.. last, key, key] : [.. last, key]);
    }
}
