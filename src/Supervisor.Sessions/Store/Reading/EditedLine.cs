using System.Text;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// One line as a terminal shows it that is written over: a cell per character, and a cursor. Wide characters take one cell like
/// all others.
/// </summary>
internal sealed class EditedLine
{
    private const byte Escape = 0x1b;
    private const int MaxCell = 64;
    private const int MaxColour = 256;
    private const int MaxColours = 1000;

    /// <summary>Of the bytes in memory at most this many more than the line has are of cells that were written over.</summary>
    private const int Slack = 64 * 1024;

    private readonly List<byte[]> _colours = [[]];
    private readonly ByteText _rendered = new();
    private ByteText _text = new();
    private ByteText _spare = new();
    private Cell[] _cells = new Cell[128];
    private int _count;
    private int _column;
    private int _colour;
    private int _live;

    /// <summary>One character with what joins it; without bytes it was erased, or never written.</summary>
    private struct Cell
    {
        public int Start;
        public int Length;
        public int Colour;
    }

    /// <summary>In bytes, about what <see cref="Render"/> gives; never far below.</summary>
    public int Length => _live + _count;

    /// <summary>Begins with a line as it was printed, the cursor behind it.</summary>
    public void Load(ReadOnlySpan<byte> line)
    {
        _text.Clear();
        _colours.RemoveRange(1, _colours.Count - 1);
        (_count, _column, _colour, _live) = (0, 0, 0, 0);
        while (!line.IsEmpty)
        {
            if (line[0] == Escape)
            {
                int end = line.IndexOf((byte)'m');
                Colour(line[2..end]);
                line = line[(end + 1)..];
                continue;
            }

            Rune.DecodeFromUtf8(line, out Rune rune, out int length);
            bool joins = rune.Value >= 0x80 && Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
                or System.Globalization.UnicodeCategory.EnclosingMark;
            Put(line[..length], joins || rune.Value is 0x200c or 0x200d);
            line = line[length..];
        }
    }

    public void Home() => _column = 0;

    public void Back() => _column = Math.Max(0, _column - 1);

    public void Put(ReadOnlySpan<byte> character, bool joins)
    {
        if (joins && _column > 0 && _column <= _count && _cells[_column - 1].Length is > 0 and < MaxCell)
        {
            Join(ref _cells[_column - 1], character);
            return;
        }

        if (_column >= _cells.Length)
        {
            Array.Resize(ref _cells, _cells.Length * 2);
        }

        for (; _count <= _column; _count++)
        {
            _cells[_count] = default;
        }

        ref Cell cell = ref _cells[_column++];
        _live += character.Length - cell.Length;
        cell = new Cell { Start = _text.Length, Length = character.Length, Colour = _colour };
        _text.Add(character);
        Compact();
    }

    /// <summary>CSI K: 0 from the cursor on, 1 up to it, 2 all.</summary>
    public void Erase(int what)
    {
        int from = what == 0 ? _column : 0;
        int to = what == 1 ? Math.Min(_column + 1, _count) : _count;
        for (int i = from; i < to; i++)
        {
            _live -= _cells[i].Length;
            _cells[i] = default;
        }

        _count = to == _count ? Math.Min(_count, from) : _count;
    }

    /// <summary>CSI m with these parameters: how what is written from now on looks.</summary>
    public void Colour(ReadOnlySpan<byte> parameters)
    {
        if (parameters.IsEmpty || parameters.SequenceEqual("0"u8))
        {
            _colour = Number([.. "\u001b[0m"u8]);
            return;
        }

        byte[] now = _colours[_colour];
        byte[] more = [.. "\u001b["u8, .. parameters, (byte)'m'];
        bool anew = parameters.StartsWith("0;"u8) || now.Length + more.Length > MaxColour;
        _colour = Number(anew ? more : [.. now, .. more]);
    }

    /// <summary>The line as it stands. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Render()
    {
        _rendered.Clear();
        int colour = 0;
        for (int i = 0; i < _count; i++)
        {
            ref Cell cell = ref _cells[i];
            Change(ref colour, cell.Colour);
            _rendered.Add(cell.Length == 0 ? " "u8 : _text.Bytes.Slice(cell.Start, cell.Length));
        }

        Change(ref colour, _colour);
        return _rendered.Bytes;
    }

    private void Change(ref int colour, int to)
    {
        if (colour != to)
        {
            // Each is told from the beginning: cells are written in any order.
            _rendered.Add(colour == 0 ? default : "\u001b[0m"u8);
            _rendered.Add(_colours[to]);
            colour = to;
        }
    }

    private int Number(byte[] colour)
    {
        for (int i = 0; i < _colours.Count; i++)
        {
            if (_colours[i].AsSpan().SequenceEqual(colour))
            {
                return i;
            }
        }

        if (_colours.Count >= MaxColours)
        {
            return 0;
        }

        _colours.Add(colour);
        return _colours.Count - 1;
    }

    private void Join(ref Cell cell, ReadOnlySpan<byte> mark)
    {
        // Copied behind the rest, so that the mark follows its character.
        int start = _text.Length;
        byte[] character = _text.Bytes.Slice(cell.Start, cell.Length).ToArray();
        _text.Add(character);
        _text.Add(mark);
        cell.Start = start;
        cell.Length += mark.Length;
        _live += mark.Length;
        Compact();
    }

    private void Compact()
    {
        if (_text.Length <= (2 * _live) + Slack)
        {
            return;
        }

        _spare.Clear();
        for (int i = 0; i < _count; i++)
        {
            ref Cell cell = ref _cells[i];
            int start = _spare.Length;
            _spare.Add(_text.Bytes.Slice(cell.Start, cell.Length));
            cell.Start = start;
        }

        (_text, _spare) = (_spare, _text);
    }
}
