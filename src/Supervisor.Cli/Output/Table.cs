using System.Text;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>
/// A table that fits the terminal. Whatever a cell holds is made safe to show. On a terminal that is too narrow the columns
/// that allow it are cut, the last one first; where no terminal is, nothing is cut or coloured.
/// </summary>
/// <example><code>
/// Table table = new(new Column("ID"), new Column("SIZE") { Right = true }, new Column("COMMAND") { Minimum = 12 });
/// table.Add(id, size, new Cell(command, Tone.Faint));
/// table.Print();
/// </code></example>
internal sealed class Table(params Column[] columns)
{
    private const string Gap = "  ";

    private readonly List<Cell[]> _rows = [];

    public int RowCount => _rows.Count;

    /// <summary>Adds a row: one cell for each column.</summary>
    public void Add(params Cell[] cells)
    {
        if (cells.Length != columns.Length)
        {
            throw new ArgumentException($"a row has {columns.Length} cells", nameof(cells));
        }

        _rows.Add(cells);
    }

    /// <summary>Writes the table to standard output, for what that is.</summary>
    public void Print() => Data.Write(Render(Screen.OfStdout()));

    /// <summary>The table as text, its header first, without a newline at its end.</summary>
    public string Render(Screen screen)
    {
        int[] widths = Widths(screen.Width);
        StringBuilder text = new();
        Cell[] header = new Cell[columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            header[i] = columns[i].Title;
        }

        AddRow(text, header, widths, screen);
        foreach (Cell[] row in _rows)
        {
            text.Append('\n');
            AddRow(text, row, widths, screen);
        }

        return text.ToString();
    }

    private void AddRow(StringBuilder text, Cell[] row, int[] widths, Screen screen)
    {
        for (int i = 0; i < row.Length; i++)
        {
            // A column that found no room at all takes none, not even the gap before it.
            if (widths[i] == 0 && screen.Width is not null)
            {
                continue;
            }

            string shown = DisplayWidth.Fit(row[i].Text, widths[i]);
            int padding = widths[i] - DisplayWidth.Of(shown);
            text.Append(i == 0 ? "" : Gap);
            Pad(text, columns[i].Right ? padding : 0);
            text.Append(screen.Paint(shown, row[i].Tone));
            Pad(text, columns[i].Right || i == row.Length - 1 ? 0 : padding);
        }
    }

    /// <summary>Adds spaces. The library's own way to repeat a character would be compiled at run time.</summary>
    private static void Pad(StringBuilder text, int count)
    {
        const string Spaces = "                                ";
        for (; count > 0; count -= Spaces.Length)
        {
            text.Append(Spaces, 0, Math.Min(count, Spaces.Length));
        }
    }

    private int[] Widths(int? available)
    {
        int[] widths = new int[columns.Length];
        for (int i = 0; i < widths.Length; i++)
        {
            widths[i] = DisplayWidth.Of(columns[i].Title);
            foreach (Cell[] row in _rows)
            {
                widths[i] = Math.Max(widths[i], DisplayWidth.Of(row[i].Text));
            }
        }

        if (available is not { } room)
        {
            return widths;
        }

        // First down to what each column asks for at least, then whatever must go, from the last.
        int over = Total(widths) - room;
        for (int i = widths.Length - 1; i >= 0 && over > 0; i--)
        {
            int cut = Math.Clamp(widths[i] - (columns[i].Minimum ?? widths[i]), 0, over);
            widths[i] -= cut;
            over -= cut;
        }

        for (int i = widths.Length - 1; i >= 0 && over > 0; i--)
        {
            int cut = Math.Min(widths[i], over);
            widths[i] -= cut;
            over -= cut + (widths[i] == 0 && i > 0 ? Gap.Length : 0);
        }

        return widths;
    }

    private static int Total(int[] widths)
    {
        int total = Gap.Length * (widths.Length - 1);
        foreach (int width in widths)
        {
            total += width;
        }

        return total;
    }
}

/// <summary>A column of a <see cref="Table"/>.</summary>
internal sealed record Column(string Title)
{
    /// <summary>Whether its cells stand at its right edge, as numbers do.</summary>
    public bool Right { get; init; }

    /// <summary>To how many terminal columns it may be cut; null for not at all, as long as anything else can be.</summary>
    public int? Minimum { get; init; }
}

/// <summary>One cell of a <see cref="Table"/>.</summary>
internal sealed class Cell(string? text, Tone tone = Tone.Plain)
{
    /// <summary>Safe for one line of a terminal; <c>-</c> for nothing.</summary>
    public string Text { get; } = string.IsNullOrEmpty(text) ? "-" : Printable.Line(text);

    public Tone Tone { get; } = tone;

    public static implicit operator Cell(string? text) => new(text);
}
