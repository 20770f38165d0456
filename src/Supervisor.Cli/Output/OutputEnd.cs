using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>Where a command's output has left the cursor, as far as its last bytes tell.</summary>
internal static class OutputEnd
{
    private const int TailBytes = 256;
    private const byte Escape = 0x1b;

    /// <summary>Whether it is behind something on its line, so that what comes next would stick to that.</summary>
    /// <param name="folder">The session's.</param>
    public static bool IsInLine(string folder)
    {
        int fd = Io.Open(Path.Combine(folder, Artifact.Output), Libc.O_RDONLY | Libc.O_NOFOLLOW);
        if (fd < 0)
        {
            return false;
        }

        Span<byte> tail = stackalloc byte[TailBytes];
        int length = Io.Stat(fd, out StatX stat) ? Io.ReadAt(fd, tail, Math.Max(0, (long)stat.Size - TailBytes)) : 0;
        Libc.close(fd);
        return IsInLine(tail[..Math.Max(0, length)]);
    }

    /// <param name="tail">The last bytes of the output.</param>
    internal static bool IsInLine(ReadOnlySpan<byte> tail)
    {
        while (!tail.IsEmpty)
        {
            int escape = LastEscape(tail);
            if (escape < 0 || LengthOf(tail[escape..]) < tail.Length - escape)
            {
                return tail[^1] is not ((byte)'\n' or (byte)'\r');
            }

            // Leaving the other screen puts the cursor back where it was before; so does a program that goes to the line's start.
            ReadOnlySpan<byte> sequence = tail[escape..];
            if (sequence.SequenceEqual("\u001b[?1049l"u8) || sequence.SequenceEqual("\u001b[?47l"u8) || sequence is [_, (byte)'[', .., (byte)'H' or (byte)'G'])
            {
                return false;
            }

            tail = tail[..escape];
        }

        return false;
    }

    // Loops, not the framework's generic searches: those may have to be compiled at run time.
    private static int LastEscape(ReadOnlySpan<byte> text)
    {
        int at = text.Length - 1;
        while (at >= 0 && text[at] != Escape)
        {
            at--;
        }

        return at;
    }

    /// <summary>How long the escape sequence is that begins here; at most all of it.</summary>
    private static int LengthOf(ReadOnlySpan<byte> text)
    {
        if (text is not [_, (byte)'[', ..])
        {
            return Math.Min(text.Length, 2);
        }

        for (int at = 2; at < text.Length; at++)
        {
            if (text[at] is >= 0x40 and <= 0x7e)
            {
                return at + 1;
            }
        }

        return text.Length;
    }
}
