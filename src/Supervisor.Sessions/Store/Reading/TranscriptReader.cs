using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Supervisor.Protocol.Errors;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// Reads one session's transcript at any cursor, live or ended, in time proportional to what is read. Any number of readers may
/// read at once; one reader is for one thread.
/// </summary>
public sealed class TranscriptReader(SessionFiles files) : IDisposable
{
    /// <summary>A page of a rare channel ends after this many records of the index, empty if need be.</summary>
    private const int MaxRecords = 16 * 1024;

    private readonly GapLog _gaps = new();
    private SafeFileHandle? _output;

    /// <summary>The transcript's present end.</summary>
    public long End => Output is { } output ? RandomAccess.GetLength(output) : 0;

    /// <summary>Where the transcript begins now: what was before it has been freed.</summary>
    public long Floor => Math.Min(files.ReadFloor(), End);

    /// <summary>Whether its owner lives, so that more may come.</summary>
    internal bool IsOwned => files.IsOwned();

    /// <summary>The file, once there is one.</summary>
    internal SafeFileHandle? Output => _output ??= files.OpenForReading(Artifact.Output);

    /// <summary>Reads at a cursor.</summary>
    /// <param name="cursor">Where to begin. Below the floor, it begins at the floor, and the page says so.</param>
    /// <param name="maxBytes">How many bytes the page may hold.</param>
    /// <param name="only">
    /// Only bytes known to come from this channel. The page then may hold fewer than there are, or none: as long as its next cursor is not its
    /// end cursor there is more. Of a live session its last bytes are left for a later page, until the index tells their channel.
    /// </param>
    /// <exception cref="SupException"><c>invalid_argument</c>: the cursor is negative, or beyond the end.</exception>
    public TranscriptPage Read(long cursor, int maxBytes, Channel? only = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        return Read(cursor, new byte[Math.Min(maxBytes, Math.Max(0, End - cursor))], only);
    }

    /// <summary>Reads into a buffer that the page's chunks are then parts of.</summary>
    /// <param name="cursor">As above.</param>
    /// <param name="buffer">As long as the page may be.</param>
    /// <param name="only">As above.</param>
    /// <param name="indexed">False: channels and times are not wanted, and not looked up.</param>
    internal TranscriptPage Read(long cursor, byte[] buffer, Channel? only = null, bool indexed = true)
    {
        Check(cursor);
        while (true)
        {
            // The floor first: the end is never below it.
            long start = Math.Max(cursor, Floor);
            long end = Math.Max(start, End);
            List<TranscriptChunk> windows = [];
            long next = end;
            long untold = 0;
            long indexedEnd = end;
            if (start < end && only is { } channel)
            {
                (next, untold) = ReadChannel(start, end, buffer, channel, windows);
            }
            else if (start < end)
            {
                (next, indexedEnd) = ReadAll(start, end, buffer, windows, indexed);
            }

            // Below the floor of now some of the bytes may have been freed before they were read: they read as zeros.
            long floor = Floor;
            bool raised = floor > start;
            if (raised)
            {
                start = floor;
                next = Math.Max(next, floor);
                end = Math.Max(end, floor);
                Trim(windows, floor);
            }

            if (windows.Count > 0 || !raised || next >= end)
            {
                return Page(cursor, start, next, end, floor, windows, untold, indexedEnd);
            }
        }
    }

    /// <summary>Refuses a cursor that one cannot read at.</summary>
    /// <exception cref="SupException"><c>invalid_argument</c>: it is negative, or beyond the end.</exception>
    public void Check(long cursor)
    {
        long end = End;
        if (cursor < 0 || cursor > end)
        {
            throw BeyondEnd(cursor, end);
        }
    }

    /// <summary>The cursor where the last <paramref name="lines"/> lines begin; a last one without a newline counts.</summary>
    /// <param name="lines">0 gives the end.</param>
    /// <param name="only">Lines of the bytes of this channel.</param>
    public long LastLines(int lines, Channel? only = null) => LastLines(lines, only, End);

    internal long LastLines(int lines, Channel? only, long end)
    {
        if (Output is not { } output || lines <= 0)
        {
            return end;
        }

        long floor = Math.Min(Floor, end);
        if (only is not { } channel)
        {
            return TranscriptTail.LastLines(output, floor, end, lines);
        }

        using IndexFile? index = OpenIndex();
        return ChannelTail.LastLines(output, index, channel, floor, end, lines);
    }

    /// <summary>
    /// The cursor of the first byte that came at a time or later, to the accuracy of the index (50 ms, coarser where it was merged); the end when
    /// none did.
    /// </summary>
    public long AtTime(DateTime time)
    {
        long end = End;
        long floor = Floor;
        long indexed = floor;
        using IndexFile? index = OpenIndex();
        index?.SeekTime(time);
        while (index is not null && index.Next(out IndexLine line))
        {
            if (line.Timestamp >= time.ToUniversalTime())
            {
                return Math.Clamp(line.Offset, floor, end);
            }

            indexed = Math.Clamp(line.End, indexed, end);
        }

        // What no record covers came last, and when that was the file tells.
        return indexed < end && LastChange() >= time.ToUniversalTime() ? indexed : end;
    }

    /// <summary>The gaps in a range.</summary>
    internal List<TranscriptGap> GapsBetween(long from, long to)
    {
        List<TranscriptGap> gaps = [];
        _gaps.Update(files);
        _gaps.AddTo(gaps, from, to);
        return gaps;
    }

    private (long Next, long IndexedEnd) ReadAll(long start, long end, byte[] buffer, List<TranscriptChunk> windows, bool indexed)
    {
        int n = RandomAccess.Read(Output!, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - start)), start);
        using IndexFile? index = indexed ? OpenIndex() : null;
        WindowMap map = new(index, start, start + n, indexed ? LastChange() : default);
        while (map.Next())
        {
            windows.Add(new TranscriptChunk(
                map.Channel, map.Start, map.End, map.Timestamp, buffer.AsMemory((int)(map.Start - start), (int)(map.End - map.Start))));
        }

        return (start + n, map.IndexedEnd);
    }

    private (long Next, long Untold) ReadChannel(long start, long end, byte[] buffer, Channel only, List<TranscriptChunk> windows)
    {
        // Asked before the index is read: the owner writes the last record before it lets go.
        bool owned = files.IsOwned();
        using IndexFile? index = OpenIndex();
        WindowMap map = new(index, start, end, LastChange());
        int filled = 0;
        long next = start;
        long untold = 0;
        while (filled < buffer.Length && map.Records < MaxRecords && map.Next())
        {
            if (owned && map.End > map.IndexedEnd && map.End == end)
            {
                return (next, untold);
            }

            next = map.End;
            if (map.Channel == only)
            {
                int wanted = (int)Math.Min(map.End - map.Start, buffer.Length - filled);
                int n = RandomAccess.Read(Output!, buffer.AsSpan(filled, wanted), map.Start);
                next = map.Start + n;
                windows.Add(new TranscriptChunk(only, map.Start, next, map.Timestamp, buffer.AsMemory(filled, n)));
                filled += n;
            }
            else if (map.Channel == Channel.Mixed)
            {
                untold += map.End - map.Start;
            }
        }

        return (next, untold);
    }

    private TranscriptPage Page(
        long cursor, long start, long next, long end, long floor, List<TranscriptChunk> windows, long untold, long indexed)
    {
        List<TranscriptGap> gaps = [];
        if (start > cursor)
        {
            gaps.Add(new TranscriptGap(cursor, start - cursor, TranscriptGap.Freed));
        }

        // One at the next cursor belongs to the next page, unless there may never be one.
        _gaps.Update(files);
        _gaps.AddTo(gaps, start, next == end ? next : next - 1);
        return new TranscriptPage
        {
            StartCursor = start,
            NextCursor = next,
            EndCursor = end,
            Floor = floor,
            Gaps = gaps,
            Chunks = Joined(windows),
            Windows = windows,
            UntoldBytes = untold,
            IndexedEnd = indexed,
        };
    }

    private static List<TranscriptChunk> Joined(List<TranscriptChunk> windows)
    {
        List<TranscriptChunk> chunks = [];
        foreach (TranscriptChunk window in windows)
        {
            if (chunks.Count > 0 && chunks[^1] is { } last && last.Channel == window.Channel && last.EndCursor == window.StartCursor
                && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(last.Bytes, out ArraySegment<byte> bytes))
            {
                // Windows of one page lie behind one another in its buffer.
                chunks[^1] = last with
                {
                    EndCursor = window.EndCursor,
                    Bytes = bytes.Array.AsMemory(bytes.Offset, last.Bytes.Length + window.Bytes.Length),
                };
            }
            else
            {
                chunks.Add(window);
            }
        }

        return chunks;
    }

    private static void Trim(List<TranscriptChunk> windows, long floor)
    {
        while (windows.Count > 0 && windows[0].StartCursor < floor)
        {
            TranscriptChunk first = windows[0];
            if (first.EndCursor <= floor)
            {
                windows.RemoveAt(0);
            }
            else
            {
                windows[0] = first with { StartCursor = floor, Bytes = first.Bytes[(int)(floor - first.StartCursor)..] };
            }
        }
    }

    /// <summary>Opened anew each time: the owner replaces it when it compacts it.</summary>
    private IndexFile? OpenIndex() => files.OpenForReading(Artifact.Index) is { } file ? new IndexFile(file) : null;

    private DateTime LastChange() => Output is { } output ? File.GetLastWriteTimeUtc(output) : default;

    private static SupException BeyondEnd(long cursor, long end) => SupException.Usage(
        string.Create(CultureInfo.InvariantCulture, $"cursor {cursor} is beyond the end of the transcript"),
        string.Create(CultureInfo.InvariantCulture, $"it ends at {end}"));

    public void Dispose() => _output?.Dispose();
}
