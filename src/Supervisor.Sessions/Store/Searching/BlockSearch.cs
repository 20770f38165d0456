using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Sessions.Store.Searching;

/// <summary>
/// Finds the lines of one block that match. Where plain text is what the bytes are, it looks for the pattern's literals in the bytes;
/// line by line only around escapes and other controls, and where the pattern has no literals. What it finds is the same in both ways.
/// </summary>
internal sealed class BlockSearch(LinePattern pattern)
{
    private readonly LinePattern _pattern = pattern.Copy();
    private PlainText _plain = new(keepColours: false);
    private bool _open;
    private long _openStart;
    private long _start;

    /// <summary>The lines found: the cursors of the first byte and of the one behind the newline, in order.</summary>
    public List<FoundLine> Found { get; } = [];

    /// <summary>Whether a line, or an escape sequence, goes on behind the block.</summary>
    public bool EndsOpen => _open;

    /// <summary>Searches a block that begins with a line.</summary>
    public void Run(ReadOnlySpan<byte> block, long start)
    {
        Found.Clear();
        _plain = new PlainText(keepColours: false);
        _open = false;
        Search(block, start);
    }

    /// <summary>Searches a block that goes on where another search ended.</summary>
    public void Continue(ReadOnlySpan<byte> block, long start, BlockSearch before)
    {
        Found.Clear();
        (_plain, _open, _openStart) = (before._plain, before._open, before._openStart);
        Search(block, start);
    }

    /// <summary>The end of all: the line that is open, if it matches. Without it, it is as if it had never begun.</summary>
    public FoundLine? End(long end)
    {
        bool matches = _open && _plain.End() && _pattern.IsMatch(_plain.Line);
        _open = false;
        return matches ? new FoundLine(_openStart, end) : null;
    }

    /// <summary>Where the open line began, or the block ended.</summary>
    public long OpenStart(long end) => _open ? _openStart : end;

    private void Search(ReadOnlySpan<byte> block, long start)
    {
        _start = start;
        int at = _open ? ByLines(block, 0, 0) : 0;
        while (at < block.Length)
        {
            int dirty = DirtyBytes.First(block[at..]);
            int clean = dirty < 0 ? block.Length : at + dirty;

            // Whole lines only; the dirty one, and one without its newline, are read as text.
            int end = at + block[at..clean].LastIndexOf((byte)'\n') + 1;
            Raw(block, at, end);
            at = end < block.Length ? ByLines(block, end, dirty < 0 ? block.Length : clean + 1) : end;
        }
    }

    /// <summary>Reads text from a place on until a line begins at or behind another. Returns where.</summary>
    private int ByLines(ReadOnlySpan<byte> block, int at, int until)
    {
        while (at < block.Length && (_open || at < until))
        {
            if (!_open)
            {
                (_open, _openStart) = (true, _start + at);
            }

            // A line of endless escape sequences comes in the pieces that it is read in.
            ReadOnlySpan<byte> rest = block[at..];
            int room = (int)(TranscriptLines.MaxRaw - (_start + at - _openStart));
            at += _plain.Take(rest.Length > room ? rest[..room] : rest, out bool complete);
            if (!complete && _start + at - _openStart >= TranscriptLines.MaxRaw)
            {
                _plain.Cut();
                complete = true;
            }

            if (complete)
            {
                if (_pattern.IsMatch(_plain.Line))
                {
                    Found.Add(new FoundLine(_openStart, _start + at));
                }

                _openStart = _start + at;
                _open = !_plain.IsAtLineStart;
            }
        }

        return at;
    }

    private void Raw(ReadOnlySpan<byte> block, int at, int end)
    {
        if (_pattern.Literals is not { } literals)
        {
            ByLines(block, at, end);
            return;
        }

        Span<int> next = stackalloc int[literals.Texts.Length];
        next.Fill(-1);
        while (at < end)
        {
            int hit = Nearest(block[..end], at, literals.Texts, next);
            if (hit == end)
            {
                return;
            }

            int lineStart = at + block[at..hit].LastIndexOf((byte)'\n') + 1;
            int lineEnd = hit + block[hit..end].IndexOf((byte)'\n') + 1;
            ReadOnlySpan<byte> line = block[lineStart..lineEnd];
            if (line.Length > PlainText.DefaultMaxLine || line.ContainsAnyInRange((byte)0x80, (byte)0xff))
            {
                ByLines(block, lineStart, lineEnd);
            }
            else if (literals.Decide || _pattern.IsMatch(line.TrimEnd("\r\n"u8)))
            {
                Found.Add(new FoundLine(_start + lineStart, _start + lineEnd));
            }

            at = lineEnd;
        }
    }

    /// <summary>The first place of any of the texts. Each is looked for again only once it was passed.</summary>
    private static int Nearest(ReadOnlySpan<byte> block, int at, ReadOnlySpan<byte[]> texts, Span<int> next)
    {
        int nearest = block.Length;
        for (int i = 0; i < texts.Length; i++)
        {
            if (next[i] < at)
            {
                int found = block[at..].IndexOf(texts[i]);
                next[i] = found < 0 ? block.Length : at + found;
            }

            nearest = Math.Min(nearest, next[i]);
        }

        return nearest;
    }
}

/// <summary>A line that was found: its first byte, and behind its newline.</summary>
internal sealed record FoundLine(long Start, long End);
