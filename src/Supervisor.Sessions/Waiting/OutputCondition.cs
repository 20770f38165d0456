using System.Text;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Sessions.Waiting;

/// <summary>A line of output, as plain text, in which a text stands or that a pattern matches. A line need not be finished: prompts are not.</summary>
public sealed class OutputCondition : IWaitCondition, IDisposable
{
    /// <summary>Of an unfinished line only so much is looked through again with each piece that comes.</summary>
    private const int MaxUnfinished = 64 * 1024;

    /// <summary>Dozens may wait at once, most of them for a line that is still to come.</summary>
    private const int PageBytes = 32 * 1024;

    private readonly TranscriptReader _reader;
    private readonly TranscriptLines _lines;
    private readonly byte[]? _text;
    private readonly LinePattern? _pattern;

    private OutputCondition(SessionFiles files, long cursor, byte[]? text, LinePattern? pattern)
    {
        _reader = new TranscriptReader(files);
        _lines = new TranscriptLines(_reader, cursor, new PlainText(keepColours: false), pageBytes: PageBytes);
        (_text, _pattern) = (text, pattern);
        NextCursor = cursor;
    }

    public string Reason => _text is null ? "regex" : "text";

    public TimeSpan? LookAgain => null;

    public bool NeedsStatus => false;

    public long? Cursor { get; private set; }

    public long? NextCursor { get; private set; }

    public string? Line { get; private set; }

    /// <param name="files">The session; stays the caller's.</param>
    /// <param name="cursor">Where to begin; not beyond the end.</param>
    /// <param name="text">Not empty, and without a newline: it is looked for in each line.</param>
    public static OutputCondition Text(SessionFiles files, long cursor, string text) => new(files, cursor, Encoding.UTF8.GetBytes(text), null);

    /// <inheritdoc cref="Text"/>
    /// <param name="pattern">Matched against each line.</param>
    public static OutputCondition Pattern(SessionFiles files, long cursor, LinePattern pattern) => new(files, cursor, null, pattern);

    public bool IsMet(SessionStatus status, DateTime now)
    {
        TranscriptItem item;
        while ((item = _lines.Next()) != TranscriptItem.None)
        {
            if (item == TranscriptItem.Line && Matches(_lines.Text))
            {
                Found(_lines.StartCursor, _lines.EndCursor, _lines.Text);
                return true;
            }
        }

        ReadOnlySpan<byte> unfinished = _lines.Unfinished;
        NextCursor = _lines.Cursor;
        if (!unfinished.IsEmpty && Matches(unfinished.Length > MaxUnfinished ? unfinished[^MaxUnfinished..] : unfinished))
        {
            Found(_lines.StartCursor, _lines.Cursor, unfinished);
            return true;
        }

        return false;
    }

    private bool Matches(ReadOnlySpan<byte> line) =>
        _text is not null ? line.IndexOf(_text) >= 0 : _pattern!.IsMatch(line);

    private void Found(long start, long end, ReadOnlySpan<byte> line) => (Cursor, NextCursor, Line) = (start, end, Encoding.UTF8.GetString(line));

    public void Dispose() => _reader.Dispose();
}
