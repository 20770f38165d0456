using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Store;

/// <summary>Text that came from a command or its author, made safe for one line of a table or an error.</summary>
public static class Printable
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// Control, bidirectional and tag characters become U+FFFD: shown raw they could act on the terminal, or make text
    /// read as something else.
    /// </summary>
    public static string Line(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder? changed = null;
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool bad = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;
            if (bad)
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
}
