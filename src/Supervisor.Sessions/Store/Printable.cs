using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Store;

/// <summary>Text that came from a command or its author, made safe for one line of a table or an error.</summary>
public static class Printable
{
    private const char Replacement = '\uFFFD';

    /// <summary>Of a word that somebody gave an error repeats so much: enough to know it again.</summary>
    private const int MaxWord = 100;

    /// <summary>
    /// Control, bidirectional, tag and other invisible characters become U+FFFD: shown raw they could act on the terminal, or make text
    /// read as something else.
    /// </summary>
    public static string Line(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder? changed = null;
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate || IsFiller(rune))
            {
                changed ??= new StringBuilder(text, 0, at, text.Length);
                changed.Append(Replacement);
            }
            else
            {
                changed?.Append(rune.ToString());
            }

            at += rune.Utf16SequenceLength;
        }

        return changed?.ToString() ?? text;
    }

    /// <summary>The same for a word that an error is about; of a long one only the beginning.</summary>
    public static string Word(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int length = text.Length <= MaxWord ? text.Length : char.IsHighSurrogate(text[MaxWord - 1]) ? MaxWord - 1 : MaxWord;
        return length == text.Length ? Line(text) : Line(text[..length]) + "…";
    }

    /// <summary>
    /// Letters and marks that show nothing, and so can hide text in text: the Hangul fillers, the grapheme joiner, and the variation
    /// selectors 17 to 256. Those that choose how emoji look (U+FE0E, U+FE0F) are text.
    /// </summary>
    internal static bool IsFiller(Rune rune) =>
        rune.Value is 0x034f or 0x115f or 0x1160 or 0x3164 or 0xffa0 or (>= 0xe0100 and <= 0xe01ef);
}
