using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>A terminal's size in character cells, each 1 to 65535, and in pixels where the terminal tells (else 0).</summary>
public readonly record struct TerminalSize(ushort Columns, ushort Rows, ushort PixelWidth = 0, ushort PixelHeight = 0)
{
    /// <summary>The size of a terminal that nobody looks at: the VT100's.</summary>
    public static TerminalSize Default => new(80, 24);

    /// <summary>Reads <c>COLUMNSxROWS</c>, as in <c>120x40</c>.</summary>
    public static bool TryParse(string? text, out TerminalSize size)
    {
        size = default;
        string[] parts = (text ?? "").Split('x');
        if (parts.Length != 2
            || !ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort columns)
            || !ushort.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort rows)
            || columns == 0 || rows == 0)
        {
            return false;
        }

        size = new TerminalSize(columns, rows);
        return true;
    }
}
