using System.Buffers;

namespace Supervisor.Sessions.Store.Searching;

/// <summary>Finds what plain text does not leave as it is. A block without any is searched as the bytes it is.</summary>
internal static class DirtyBytes
{
    private const byte Carriage = (byte)'\r';

    /// <summary>
    /// All controls but tab, newline and carriage return. Bytes above 0x7e are no reason: what plain text makes of them never makes or
    /// hides ASCII, and lines with them are looked at again.
    /// </summary>
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127]);

    /// <summary>The first byte that changes its line, or -1. A carriage return before a newline changes nothing.</summary>
    public static int First(ReadOnlySpan<byte> bytes)
    {
        int control = bytes.IndexOfAny(Controls);
        int carriage = FirstCarriage(control < 0 ? bytes : bytes[..control]);
        return carriage >= 0 ? carriage : control;
    }

    private static int FirstCarriage(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (bytes[at..].IndexOf(Carriage) is >= 0 and int next)
        {
            at += next + 1;
            if (at >= bytes.Length || bytes[at] != (byte)'\n')
            {
                return at - 1;
            }
        }

        return -1;
    }
}
