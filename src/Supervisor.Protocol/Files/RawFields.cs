using System.Text;
using System.Text.Unicode;

namespace Supervisor.Protocol.Files;

/// <summary>
/// The fields of one JSON object, found without building anything. System.Text.Json would do it as well, but what it builds at
/// run time takes longer than a run may spend on the sessions of others. As strict as that: what it accepts,
/// System.Text.Json reads too.
/// </summary>
public readonly ref struct RawFields
{
    private const int MaxDepth = 60;

    /// <summary>A checked object; empty for none, in which no field is found.</summary>
    private readonly ReadOnlySpan<byte> _text;

    private RawFields(ReadOnlySpan<byte> text) => _text = text;

    /// <summary>False when <paramref name="text"/> is not exactly one well-formed object.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out RawFields fields)
    {
        int at = 0;
        SkipSpace(text, ref at);
        bool good = at < text.Length && text[at] == '{' && Utf8.IsValid(text) && SkipValue(text, ref at, 0);
        SkipSpace(text, ref at);
        good &= at == text.Length;
        fields = good ? new RawFields(text) : default;
        return good;
    }

    /// <summary>A field's value as it is written; empty when there is none. Names are compared as they are written.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> name)
    {
        int at = _text.IndexOf((byte)'{') + 1;
        while (Next(_text, ref at, out int start))
        {
            int nameEnd = start;
            SkipString(_text, ref nameEnd);
            int value = nameEnd;
            SkipSpace(_text, ref value);
            value++;
            SkipSpace(_text, ref value);
            at = value;
            SkipValue(_text, ref at, 0);
            if (_text[(start + 1)..(nameEnd - 1)].SequenceEqual(name))
            {
                return _text[value..at];
            }
        }

        return default;
    }

    /// <summary>A string without escapes; null for anything else.</summary>
    public string? Plain(ReadOnlySpan<byte> name) =>
        Raw(name) is [(byte)'"', .. var inside, (byte)'"'] && inside.IndexOf((byte)'\\') < 0 ? Encoding.UTF8.GetString(inside) : null;

    /// <summary>A whole number; null for anything else.</summary>
    public long? Integer(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> raw = Raw(name);
        bool negative = raw is [(byte)'-', ..];
        raw = negative ? raw[1..] : raw;
        long value = 0;
        foreach (byte digit in raw)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > (long.MaxValue - (digit - '0')) / 10)
            {
                return null;
            }

            value = (value * 10) + digit - '0';
        }

        return raw.IsEmpty ? null : negative ? -value : value;
    }

    /// <summary>The elements of a list one by one, beginning behind its bracket at 1; false behind the last.</summary>
    internal static bool NextElement(ReadOnlySpan<byte> list, ref int at, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (!Next(list, ref at, out int start))
        {
            return false;
        }

        at = start;
        SkipValue(list, ref at, 0);
        element = list[start..at];
        return true;
    }

    /// <summary>Goes to the next member of a checked object or list; false at its end.</summary>
    private static bool Next(ReadOnlySpan<byte> text, ref int at, out int start)
    {
        SkipSpace(text, ref at);
        if (at < text.Length && text[at] == ',')
        {
            at++;
            SkipSpace(text, ref at);
        }

        start = at;
        return at < text.Length && text[at] is not ((byte)'}' or (byte)']');
    }

    private static void SkipSpace(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }
    }

    private static bool SkipValue(ReadOnlySpan<byte> text, ref int at, int depth)
    {
        if (at >= text.Length || depth > MaxDepth)
        {
            return false;
        }

        return text[at] switch
        {
            (byte)'{' => SkipMembers(text, ref at, (byte)'}', depth),
            (byte)'[' => SkipMembers(text, ref at, (byte)']', depth),
            (byte)'"' => SkipString(text, ref at),
            (byte)'t' => SkipWord(text, ref at, "true"u8),
            (byte)'f' => SkipWord(text, ref at, "false"u8),
            (byte)'n' => SkipWord(text, ref at, "null"u8),
            _ => SkipNumber(text, ref at),
        };
    }

    private static bool SkipMembers(ReadOnlySpan<byte> text, ref int at, byte close, int depth)
    {
        at++;
        SkipSpace(text, ref at);
        if (at < text.Length && text[at] == close)
        {
            at++;
            return true;
        }

        while (true)
        {
            SkipSpace(text, ref at);
            if (close == '}')
            {
                if (at >= text.Length || text[at] != '"' || !SkipString(text, ref at))
                {
                    return false;
                }

                SkipSpace(text, ref at);
                if (at >= text.Length || text[at++] != ':')
                {
                    return false;
                }

                SkipSpace(text, ref at);
            }

            if (!SkipValue(text, ref at, depth + 1))
            {
                return false;
            }

            SkipSpace(text, ref at);
            if (at >= text.Length || (text[at] != ',' && text[at] != close))
            {
                return false;
            }

            if (text[at++] == close)
            {
                return true;
            }
        }
    }

    private static bool SkipWord(ReadOnlySpan<byte> text, ref int at, ReadOnlySpan<byte> word)
    {
        bool found = text[at..].StartsWith(word);
        at += word.Length;
        return found;
    }

    private static bool SkipString(ReadOnlySpan<byte> text, ref int at)
    {
        for (at++; at < text.Length; at++)
        {
            byte c = text[at];
            if (c == '"')
            {
                at++;
                return true;
            }

            if (c < ' ' || (c == '\\' && !SkipEscape(text, ref at)))
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>From the backslash to the escape's last character. A half of a surrogate pair stands for no character.</summary>
    private static bool SkipEscape(ReadOnlySpan<byte> text, ref int at)
    {
        at++;
        if (at >= text.Length)
        {
            return false;
        }

        if (text[at] != 'u')
        {
            return "\"\\/bfnrt"u8.Contains(text[at]);
        }

        int unit = Hex(text, at + 1);
        at += 4;
        if (unit is >= 0xD800 and < 0xDC00)
        {
            bool escaped = at + 2 < text.Length && text[at + 1] == '\\' && text[at + 2] == 'u';
            int low = escaped ? Hex(text, at + 3) : -1;
            at += 6;
            return low is >= 0xDC00 and < 0xE000;
        }

        return unit is >= 0 and not (>= 0xDC00 and < 0xE000);
    }

    private static int Hex(ReadOnlySpan<byte> text, int at)
    {
        int value = 0;
        for (int i = 0; i < 4; i++)
        {
            if (at + i >= text.Length || !char.IsAsciiHexDigit((char)text[at + i]))
            {
                return -1;
            }

            int c = text[at + i] | 0x20;
            value = (value << 4) | (c <= '9' ? c - '0' : c - 'a' + 10);
        }

        return value;
    }

    private static bool SkipNumber(ReadOnlySpan<byte> text, ref int at)
    {
        if (at < text.Length && text[at] == '-')
        {
            at++;
        }

        int start = at;
        int digits = SkipDigits(text, ref at);
        if (digits == 0 || (digits > 1 && text[start] == '0'))
        {
            return false;
        }

        if (at < text.Length && text[at] == '.')
        {
            at++;
            if (SkipDigits(text, ref at) == 0)
            {
                return false;
            }
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-')
            {
                at++;
            }

            return SkipDigits(text, ref at) > 0;
        }

        return true;
    }

    private static int SkipDigits(ReadOnlySpan<byte> text, ref int at)
    {
        int start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        return at - start;
    }
}
