using System.Diagnostics;
using System.Text;
using Supervisor.Mcp.Output;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Mcp.Searching;

/// <summary>Searches the output of sessions, one after the other, until enough was found or it has taken long enough.</summary>
internal sealed class OutputSearch(VisibleSessions sessions, Masking masking, LinePattern pattern, int contextLines, int limit)
{
    /// <summary>How much is searched before it is asked whether that is enough.</summary>
    private const int SliceBytes = 1024 * 1024;

    private const int MaxLine = 400;

    /// <summary>Of what is around the lines of one match.</summary>
    private const int Around = 200;

    /// <summary>Of what is around a line of text.</summary>
    private const int AroundLine = 30;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    private readonly List<FoundMatch> _matches = [];

    /// <summary>Of one line in an answer: a match with all its context fits. Each line is in the result twice.</summary>
    private readonly int _maxWire = Wire.MaxResult / ((4 * contextLines) + 2) * 9 / 10;

    private int _length;
    private bool _isFull;

    public IReadOnlyList<FoundMatch> Matches => _matches;

    public int SearchedSessions { get; private set; }

    /// <summary>Whether all was searched.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Where to go on in the session searched last.</summary>
    public long NextCursor { get; private set; }

    private bool IsFull => _isFull || _matches.Count >= limit;

    public void Run(IReadOnlyList<SessionStatus> searched, long cursor, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (SessionStatus status in searched)
        {
            if (IsFull || Stopwatch.GetElapsedTime(started) > MaxTime || cancellation.IsCancellationRequested)
            {
                IsComplete = false;
                return;
            }

            // One that was swept meanwhile has nothing more to say.
            using SessionFiles? files = SessionFiles.Open(sessions.Root, status.Id);
            if (files is not null)
            {
                SearchedSessions++;
                Search(files, cursor, started, cancellation);
            }
        }
    }

    private void Search(SessionFiles files, long cursor, long started, CancellationToken cancellation)
    {
        using TranscriptReader reader = new(files);
        reader.Check(cursor);
        long end = reader.End;
        NextCursor = Math.Max(cursor, reader.Floor);
        int slice = SliceBytes;
        while (NextCursor < end)
        {
            if (Stopwatch.GetElapsedTime(started) > MaxTime || cancellation.IsCancellationRequested)
            {
                IsComplete = false;
                return;
            }

            long stop = Math.Min(end, NextCursor + slice);
            Collector found = new(limit - _matches.Count);
            TranscriptSearch search = new(reader, pattern, NextCursor, stop, found);
            long open = search.Run();
            if (stop == end)
            {
                search.End();
            }

            foreach (long start in found.Starts)
            {
                if (IsFull || !Add(files.Id.Value, reader, start))
                {
                    (IsComplete, NextCursor) = (false, start);
                    return;
                }
            }

            if (found.HasMore)
            {
                (IsComplete, NextCursor) = (false, found.More);
                return;
            }

            // A line that is not whole in this slice is searched in the next.
            slice = open > NextCursor ? SliceBytes : slice * 2;
            NextCursor = stop == end ? end : open;
        }
    }

    /// <summary>False: it does not fit.</summary>
    private bool Add(string id, TranscriptReader reader, long start)
    {
        long first = contextLines == 0 || reader.Output is not { } output
            ? start
            : TranscriptTail.LastLines(output, reader.Floor, start, contextLines);
        TranscriptLines lines = new(reader, Math.Min(first, start), new PlainText(keepColours: false, MaxLine * 4), pageBytes: 16 * 1024);
        KeyBlock key = new(masking.IsEnabled ? Preceding.Of(reader, Math.Min(first, start)) : "");
        List<string> before = [];
        List<string> after = [];
        string? line = null;
        DateTime time = default;
        while (after.Count < contextLines || line is null)
        {
            TranscriptItem item = lines.Next();
            if (item == TranscriptItem.Gap)
            {
                continue;
            }

            if (item == TranscriptItem.None && !lines.End())
            {
                break;
            }

            string text = Shown(key, lines.Text);
            if (lines.StartCursor < start)
            {
                before.Add(text);
            }
            else if (line is null)
            {
                (line, time) = (text, lines.Timestamp);
            }
            else
            {
                after.Add(text);
            }
        }

        FoundMatch match = new(id, start, time, line ?? "", before, after);
        int length = Around + id.Length + match.Lines.Sum(l => (2 * Wire.Length(l)) + id.Length + AroundLine);
        if (_matches.Count > 0 && _length + length > Wire.MaxResult)
        {
            _isFull = true;
            return false;
        }

        _matches.Add(match);
        _length += length;
        return true;
    }

    private string Shown(KeyBlock key, ReadOnlySpan<byte> text)
    {
        string line = masking.MaskLine(key, "", Encoding.UTF8.GetString(text));
        return Wire.Cut(line, MaxLine, _maxWire);
    }

    /// <summary>Keeps where the first matches are.</summary>
    private sealed class Collector(int most) : ISearchResult
    {
        public List<long> Starts { get; } = [];

        public bool HasMore { get; private set; }

        /// <summary>Where the first one is that was not kept.</summary>
        public long More { get; private set; }

        public void Line(ReadOnlySpan<byte> line, long start)
        {
            if (Starts.Count < most)
            {
                Starts.Add(start);
            }
            else if (!HasMore)
            {
                (HasMore, More) = (true, start);
            }
        }

        public void Gap(TranscriptGap gap)
        {
            // Freed while it was searched; what is before the floor is not there to be found.
        }
    }
}
