using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Feeds a stdin that is no terminal into a PTY (<c>--pty always</c>). A terminal in canonical mode cuts a line at 4,096
/// bytes, so it is taken out of that mode while feeding; at the end it is put back and the end-of-file key is typed.
/// </summary>
internal static class PtyFeed
{
    public static InputRelay Start(int master)
    {
        bool changed = Tty.TryGetSettings(master, out Termios settings) && Tty.IsCanonical(settings);
        if (changed)
        {
            Tty.SetSettings(master, Tty.WithCanonical(settings, canonical: false));
        }

        InputRelay relay = new(0, master, beforeWrite: null, atEnd: last => End(master, changed, last));
        relay.Resume();
        return relay;
    }

    private static void End(int master, bool changed, byte last)
    {
        if (!Tty.TryGetSettings(master, out Termios settings))
        {
            return;
        }

        // A command that set its own modes meanwhile keeps them.
        if (changed && !Tty.IsCanonical(settings))
        {
            settings = Tty.WithCanonical(settings, canonical: true);
            Tty.SetSettings(master, settings);
        }

        // The key first ends an unfinished line, and only then the file (termios(3)).
        byte key = Tty.EndOfFileKey(settings);
        Io.WriteAll(master, last == (byte)'\n' ? [key] : [key, key]);
    }
}
