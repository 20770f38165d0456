namespace Supervisor.Sessions.Store.Reading;

/// <summary>What <see cref="TranscriptLines.Next"/> found.</summary>
public enum TranscriptItem
{
    /// <summary>Nothing more now.</summary>
    None,

    /// <summary>A line.</summary>
    Line,

    /// <summary>Bytes are missing here.</summary>
    Gap,
}

/// <summary>
/// A transcript line by line, with what is missing in its place. Goes on where it stopped when there is more; a line without its newline
/// waits for it.
/// </summary>
/// <param name="reader">Stays the caller's.</param>
/// <param name="cursor">Where to begin.</param>
/// <param name="plain">Makes the text of the lines, and says where they end.</param>
/// <param name="only">Only the bytes of this channel.</param>
/// <param name="pageBytes">How much is read at once: less for who wants only a few lines.</param>
public sealed class TranscriptLines(
    TranscriptReader reader, long cursor, PlainText plain, Channel? only = null, int pageBytes = TranscriptLines.DefaultPageBytes)
{
    private const int DefaultPageBytes = 256 * 1024;

    /// <summary>Of a line of endless escape sequences the bytes are given in pieces of this.</summary>
    internal const int MaxRaw = 4 * 1024 * 1024;

    private readonly byte[] _buffer = new byte[pageBytes];
    private readonly ByteText _raw = new();
    private readonly ToldGaps _told = new();
    private TranscriptPage? _page;
    private int _window;
    private int _gap;
    private int _at;
    private bool _begun;
    private bool _given;

    /// <summary>Where the lines end, for one that does not want all.</summary>
    public long Until { get; set; } = long.MaxValue;

    /// <summary>Whether bytes that the index does not tell of yet wait until it does: for who must know their channel.</summary>
    public bool WaitForIndex { get; set; }

    /// <summary>Whether such bytes were waiting when <see cref="Next"/> last found nothing.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Where what comes next begins: behind all bytes taken.</summary>
    public long Cursor { get; private set; } = cursor;

    /// <summary>The line's text, without its newline. Valid until the next call, as all of the following.</summary>
    public ReadOnlySpan<byte> Text => plain.Line;

    /// <summary>The line's bytes, its newline included.</summary>
    public ReadOnlySpan<byte> Raw => _raw.Bytes;

    /// <summary>Whether it ended in a newline. Else it is a piece of a long one, or the last.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The cursor of its first byte.</summary>
    public long StartCursor { get; private set; } = cursor;

    /// <summary>The cursor behind its last byte.</summary>
    public long EndCursor { get; private set; } = cursor;

    /// <summary>When its first byte came, UTC, to the accuracy of the index.</summary>
    public DateTime Timestamp { get; private set; }

    /// <summary>Where its bytes came from; <see cref="Channel.Mixed"/> if from several.</summary>
    public Channel Channel { get; private set; }

    /// <summary>What is missing, after <see cref="TranscriptItem.Gap"/>.</summary>
    public TranscriptGap? Gap { get; private set; }

    /// <summary>Bytes passed over so far because nothing tells whether they are of the channel asked for.</summary>
    public long UntoldBytes { get; private set; }

    /// <summary>Goes to the next line or gap.</summary>
    public TranscriptItem Next()
    {
        if (_given)
        {
            _raw.Clear();
            (_given, _begun) = (false, false);
        }

        while (true)
        {
            if (_page is null && !ReadPage())
            {
                return TranscriptItem.None;
            }

            if (NextGap() is { } gap)
            {
                // A line does not go on behind missing bytes.
                if (_begun)
                {
                    return Finish();
                }

                _gap++;
                _told.Add(gap);
                Gap = gap;
                return TranscriptItem.Gap;
            }

            if (_window == _page!.Windows.Count)
            {
                Cursor = Math.Max(Cursor, _page.NextCursor);
                _page = null;
            }
            else if (TakeWindow(_page.Windows[_window]))
            {
                return TranscriptItem.Line;
            }
        }
    }

    /// <summary>The end: whether there is one more line, which has no newline.</summary>
    public bool End()
    {
        bool more = _begun && !_given;
        if (more)
        {
            Finish();
        }

        return more;
    }

    /// <summary>The text of the line that has begun and waits for its newline, as it stands.</summary>
    public ReadOnlySpan<byte> Unfinished => _begun && !_given ? plain.Line : default;

    private bool ReadPage()
    {
        IsWaiting = false;
        long end = reader.End;
        if (Cursor > end || Cursor >= Until)
        {
            return false;
        }

        // Asked first: what was written before the owner went is in the index then, or never will be.
        bool owned = WaitForIndex && only is null && reader.IsOwned;
        TranscriptPage page = reader.Read(Cursor, _buffer, only);
        UntoldBytes += page.UntoldBytes;
        _gap = _told.In(page);
        _window = 0;
        _at = 0;
        if (owned && page.NextCursor == page.EndCursor && page.Windows is [.., { Channel: Channel.Mixed } tail] && tail.EndCursor > page.IndexedEnd)
        {
            IsWaiting = true;
            page = page.Before(tail.StartCursor);
        }
        else if (only is not null && page.NextCursor < page.EndCursor && page.Windows.Count == 0)
        {
            IsWaiting = page.NextCursor == Cursor;
        }

        bool news = page.NextCursor > Cursor || _gap < page.Gaps.Count;
        _page = news ? page : null;
        return news;
    }

    private TranscriptGap? NextGap()
    {
        if (_gap == _page!.Gaps.Count)
        {
            return null;
        }

        TranscriptGap gap = _page.Gaps[_gap];
        bool reached = gap.IsFreed || gap.Offset <= Position;
        if (!reached || gap.Offset >= Until)
        {
            return null;
        }

        return gap;
    }

    /// <summary>The cursor of the next byte to take.</summary>
    private long Position => _window < _page!.Windows.Count ? _page.Windows[_window].StartCursor + _at : _page.NextCursor;

    private bool TakeWindow(TranscriptChunk window)
    {
        long start = window.StartCursor + _at;
        long stop = Math.Min(window.EndCursor, Until);
        if (_gap < _page!.Gaps.Count && !_page.Gaps[_gap].IsFreed)
        {
            stop = Math.Min(stop, _page.Gaps[_gap].Offset);
        }

        if (start >= stop)
        {
            // The rest is beyond what is wanted.
            Cursor = Math.Max(Cursor, stop);
            _window++;
            _at = 0;
            return false;
        }

        ReadOnlySpan<byte> bytes = window.Bytes.Span.Slice(_at, (int)(stop - start));
        int room = MaxRaw - _raw.Length;
        int taken = plain.Take(bytes.Length > room ? bytes[..room] : bytes, out bool complete);
        if (!_begun)
        {
            (_begun, StartCursor, Timestamp, Channel) = (true, start, window.Timestamp, window.Channel);
        }

        Channel = Channel == window.Channel ? Channel : Channel.Mixed;
        _raw.Add(bytes[..taken]);
        Cursor = EndCursor = start + taken;
        _at += taken;
        if (_at == window.Bytes.Length)
        {
            _window++;
            _at = 0;
        }

        if (complete)
        {
            IsWhole = plain.IsWhole;
            _given = true;
        }
        else if (_raw.Length >= MaxRaw)
        {
            plain.Cut();
            (IsWhole, _given, complete) = (false, true, true);
        }

        return complete;
    }

    private TranscriptItem Finish()
    {
        plain.End();
        IsWhole = false;
        _given = true;
        return TranscriptItem.Line;
    }
}
