namespace Supervisor.Mcp.Output;

/// <summary>What a piece of output ends in that is not whole yet: a character of several bytes, or an escape sequence.</summary>
internal static class OpenEnd
{
    /// <summary>A longer sequence is not waited for.</summary>
    public const int MaxLength = 64;

    /// <summary>In bytes; 0 when it ends cleanly.</summary>
    public static int Length(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> tail = bytes.Length > MaxLength ? bytes[^MaxLength..] : bytes;
        int escape = tail.LastIndexOf((byte)0x1b);
        return escape >= 0 && IsOpenSequence(tail[(escape + 1)..]) ? tail.Length - escape : Character(tail);
    }

    private static bool IsOpenSequence(ReadOnlySpan<byte> afterEscape) =>
        afterEscape.IsEmpty || (afterEscape[0] == (byte)'[' && afterEscape[1..].IndexOfAnyExceptInRange((byte)0x20, (byte)0x3f) < 0);

    private static int Character(ReadOnlySpan<byte> tail)
    {
        for (int back = 1; back <= Math.Min(3, tail.Length); back++)
        {
            byte b = tail[^back];
            if ((b & 0xc0) == 0x80)
            {
                continue;
            }

            int needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
            return needed > back ? back : 0;
        }

        return 0;
    }
}
