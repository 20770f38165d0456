namespace Supervisor.Mcp.Output;

/// <summary>
/// How long texts are in an answer, in bytes: the SDK writes quotes, some other signs and all that is not ASCII as escapes of six bytes
/// for each UTF-16 unit.
/// </summary>
internal static class Wire
{
    /// <summary>Of a result, text and structured content together. Clients cut results somewhere above 48 KB; the rest is for what surrounds it.</summary>
    public const int MaxResult = 46 * 1024;

    private const int Escape = 6;

    /// <summary>Of a text.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        int length = 0;
        foreach (char c in text)
        {
            length += Length(c);
        }

        return length;
    }

    /// <summary>Of structured content.</summary>
    /// <param name="json">UTF-8, with no more escapes than JSON asks for; whole tokens.</param>
    public static int LengthOfJson(ReadOnlySpan<byte> json)
    {
        int length = 0;
        for (int i = 0; i < json.Length; i++)
        {
            byte b = json[i];
            if (b == (byte)'\\')
            {
                i++;
                length += json[i] is (byte)'"' or (byte)'u' ? Escape : 2;
                i += json[i] is (byte)'u' ? 4 : 0;
            }
            else
            {
                // Of a character of several bytes the first counts for all; four bytes are two units.
                length += b is (byte)'"' ? 1 : b < 0x80 ? Length((char)b) : b < 0xc0 ? 0 : b < 0xf0 ? Escape : 2 * Escape;
            }
        }

        return length;
    }

    /// <summary>The text, or as much of its beginning as is no longer than told, and an ellipsis.</summary>
    /// <param name="text">The text.</param>
    /// <param name="characters">At most so many UTF-16 units.</param>
    /// <param name="bytes">At most so many bytes in an answer.</param>
    public static string Cut(string text, int characters, int bytes)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            length += Length(text[i]);
            if (i == characters || length > bytes)
            {
                return text[..(i > 0 && char.IsHighSurrogate(text[i - 1]) ? i - 1 : i)] + "…";
            }
        }

        return text;
    }

    private static int Length(char c) => c switch
    {
        '\\' or '\n' or '\r' or '\t' or '\b' or '\f' => 2,
        < ' ' or > '~' or '"' or '\'' or '<' or '>' or '&' or '+' or '`' => Escape,
        _ => 1,
    };
}
