using System.Text;
using Supervisor.Mcp.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Output;

/// <summary>
/// Reads pages of plain text: whole lines where it can, secrets covered, long lines cut. What a page leaves out at its end the
/// next one begins with.
/// </summary>
internal sealed class TextPageReader
{
    /// <summary>Of one line, in bytes of text.</summary>
    public const int MaxLine = 4000;

    /// <summary>So many bytes of a transcript are read for a page, even if most of them are escape sequences.</summary>
    private const int MaxScan = 1024 * 1024;

    /// <summary>Most waits end with a line or two: a buffer of that size is enough then.</summary>
    private const int LeastPage = 512;

    private readonly TranscriptReader _reader;
    private readonly Masking _masking;
    private readonly int _maxBytes;
    private readonly bool _live;
    private readonly List<Shown> _lines = [];
    private readonly List<TranscriptGap> _gaps = [];
    private KeyBlock _key = new("");
    private int _size;
    private int _chunks;

    private TextPageReader(TranscriptReader reader, Masking masking, int maxBytes, bool live) =>
        (_reader, _masking, _maxBytes, _live) = (reader, masking, maxBytes, live);

    private sealed record Shown(Channel Channel, long Start, long End, DateTime Timestamp, string Text, int Bytes, CutLine? Cut)
    {
        /// <summary>Whether it is one chunk with the line before it.</summary>
        public bool Continues(Shown before) => Channel == before.Channel && Start == before.End;
    }

    /// <summary>Reads on from a cursor.</summary>
    /// <param name="reader">The transcript.</param>
    /// <param name="masking">How secrets are covered.</param>
    /// <param name="cursor">Where to begin.</param>
    /// <param name="maxBytes">Of text, in UTF-8.</param>
    /// <param name="live">Whether more may come: then a character that is not whole yet is left for the next page.</param>
    /// <exception cref="SupException"><c>invalid_argument</c>: the cursor is beyond the end.</exception>
    public static OutputPage From(TranscriptReader reader, Masking masking, long cursor, int maxBytes, bool live)
    {
        reader.Check(cursor);
        return new TextPageReader(reader, masking, maxBytes, live).Read(cursor, fromEnd: false);
    }

    /// <summary>Reads the last lines; as many of them as fit.</summary>
    public static OutputPage Last(TranscriptReader reader, Masking masking, int lines, int maxBytes, bool live)
    {
        long end = reader.End;
        long floor = Math.Min(end, Math.Max(reader.Floor, end - MaxScan));
        long cursor = reader.Output is { } output ? TranscriptTail.LastLines(output, floor, end, lines) : end;
        return new TextPageReader(reader, masking, maxBytes, live).Read(cursor, fromEnd: true);
    }

    private OutputPage Read(long cursor, bool fromEnd)
    {
        string before = _masking.IsEnabled ? Preceding.Of(_reader, cursor) : "";
        _key = new KeyBlock(before);
        before = before[(before.LastIndexOf('\n') + 1)..];
        int pageBytes = (int)Math.Min(Math.Clamp(_maxBytes * 2, 8 * 1024, 64 * 1024), Math.Max(_reader.End - cursor, LeastPage));
        TranscriptLines lines = new(_reader, cursor, new PlainText(keepColours: false, MaxScan), pageBytes: pageBytes);
        long next = cursor;
        bool full = false;
        TranscriptItem item;
        while (!full && (item = lines.Next()) != TranscriptItem.None)
        {
            if (item == TranscriptItem.Gap)
            {
                _gaps.Add(lines.Gap!);
                next = Math.Max(next, lines.Cursor);
                continue;
            }

            full = !Add(lines, lines.Text, lines.EndCursor, lines.IsWhole, before, fromEnd) || lines.EndCursor - cursor > MaxScan;
            before = "";
            next = _lines.Count > 0 ? _lines[^1].End : next;
        }

        if (!full)
        {
            next = Math.Max(next, lines.Cursor);
            next = Unfinished(lines, next, before, fromEnd);
        }

        return Page(cursor, next);
    }

    /// <summary>The last line, which has no newline: all of it when none will come, else what is whole of it.</summary>
    private long Unfinished(TranscriptLines lines, long next, string before, bool fromEnd)
    {
        if (!_live)
        {
            return lines.End() && !Add(lines, lines.Text, lines.EndCursor, whole: false, before, fromEnd) ? lines.StartCursor : next;
        }

        ReadOnlySpan<byte> raw = lines.Raw;
        if (raw.IsEmpty)
        {
            return next;
        }

        long end = lines.Cursor - OpenEnd.Length(raw);
        ReadOnlySpan<byte> text = lines.Unfinished;
        if (text.IsEmpty)
        {
            // Escape sequences so far.
            return end;
        }

        return Add(lines, text, end, whole: false, before, fromEnd) ? end : lines.StartCursor;
    }

    /// <summary>False: it does not fit.</summary>
    private bool Add(TranscriptLines line, ReadOnlySpan<byte> text, long end, bool whole, string before, bool fromEnd)
    {
        int most = Math.Min(MaxLine, _maxBytes);
        string shown = Encoding.UTF8.GetString(text);
        shown = _masking.MaskLine(_key, before, shown);
        int bytes = text.Length;
        CutLine? cut = null;
        if (bytes > most)
        {
            bool asPrinted = line.Raw.StartsWith(text);
            bytes = Boundary(text, most);
            byte[] masked = Encoding.UTF8.GetBytes(shown);
            shown = Encoding.UTF8.GetString(masked.AsSpan(0, masked.Length > most ? Boundary(masked, most) : masked.Length));
            cut = new CutLine(asPrinted ? line.StartCursor + bytes : line.StartCursor, end);
        }

        shown += whole ? "\n" : "";
        bytes += whole ? 1 : 0;
        Shown added = new(line.Channel, line.StartCursor, end, line.Timestamp, shown, bytes, cut);
        int chunks = _chunks + (_lines.Count > 0 && added.Continues(_lines[^1]) ? 0 : 1);
        if (!fromEnd && _lines.Count > 0 && (_size + bytes > _maxBytes || chunks > OutputPage.MaxChunks))
        {
            return false;
        }

        _lines.Add(added);
        _size += bytes;
        _chunks = chunks;
        while ((_size > _maxBytes || _chunks > OutputPage.MaxChunks) && _lines.Count > 1)
        {
            _size -= _lines[0].Bytes;
            _chunks -= _lines[1].Continues(_lines[0]) ? 0 : 1;
            _lines.RemoveAt(0);
        }

        return true;
    }

    private OutputPage Page(long cursor, long next)
    {
        long end = Math.Max(_reader.End, next);
        List<OutputChunk> chunks = [];
        StringBuilder text = new();
        for (int i = 0; i < _lines.Count; i++)
        {
            Shown first = _lines[i];
            text.Clear().Append(first.Text);
            long to = first.End;
            while (i + 1 < _lines.Count && _lines[i + 1].Continues(_lines[i]))
            {
                i++;
                text.Append(_lines[i].Text);
                to = _lines[i].End;
            }

            chunks.Add(new OutputChunk(first.Channel, first.Start, to, first.Timestamp, text.ToString()));
        }

        long start = _lines.Count > 0 ? _lines[0].Start : Math.Min(next, Math.Max(cursor, _reader.Floor));
        return new OutputPage
        {
            StartCursor = start,
            NextCursor = next,
            EndCursor = end,
            Floor = _reader.Floor,
            Eof = next >= end - OpenEnd.MaxLength && (next == end || (_live && !HasMore(next, end))),
            Gaps = [.. _gaps.Where(g => g.IsFreed || g.Offset >= start)],
            Chunks = chunks,
            Cuts = [.. _lines.Where(l => l.Cut is not null).Select(l => l.Cut!)],
        };
    }

    /// <summary>Whether what is left is more than the beginning of one character or sequence.</summary>
    private bool HasMore(long next, long end)
    {
        Span<byte> rest = stackalloc byte[OpenEnd.MaxLength];
        rest = rest[..(int)Math.Min(rest.Length, end - next)];
        int n = _reader.Output is { } output ? RandomAccess.Read(output, rest, next) : 0;
        return OpenEnd.Length(rest[..n]) < n;
    }

    private static int Boundary(ReadOnlySpan<byte> text, int most)
    {
        while (most > 0 && (text[most] & 0xc0) == 0x80)
        {
            most--;
        }

        return most;
    }
}
