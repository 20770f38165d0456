namespace Supervisor.Sessions.Store.Reading;

/// <summary>Part of a transcript, and what is missing in it. Cursors are byte offsets into the transcript; they never shift.</summary>
public sealed class TranscriptPage
{
    /// <summary>Where the page begins: the cursor asked for, or the floor if that is higher.</summary>
    public required long StartCursor { get; init; }

    /// <summary>Where the next page begins. It is <see cref="EndCursor"/> when there is nothing more now.</summary>
    public required long NextCursor { get; init; }

    /// <summary>The transcript's end when the page was read.</summary>
    public required long EndCursor { get; init; }

    /// <summary>Where the transcript begins by now; what was before it has been freed.</summary>
    public required long Floor { get; init; }

    /// <summary>What is missing between the cursor asked for and <see cref="NextCursor"/>, in order.</summary>
    public required IReadOnlyList<TranscriptGap> Gaps { get; init; }

    /// <summary>The bytes in order; neighbours of one channel are one chunk.</summary>
    public required IReadOnlyList<TranscriptChunk> Chunks { get; init; }

    /// <summary>
    /// Of a page of one channel: bytes passed over because nothing tells any more which channel they came from.
    /// </summary>
    public required long UntoldBytes { get; init; }

    /// <summary>The same bytes, cut wherever the index knows another time.</summary>
    internal IReadOnlyList<TranscriptChunk> Windows { get; init; } = [];

    /// <summary>Behind this nothing is in the index yet, or ever.</summary>
    internal long IndexedEnd { get; init; }

    /// <summary>The page as if it had ended at the beginning of one of its windows.</summary>
    internal TranscriptPage Before(long cursor) => new()
    {
        StartCursor = StartCursor,
        NextCursor = cursor,
        EndCursor = EndCursor,
        Floor = Floor,
        Gaps = [.. Gaps.Where(g => g.Offset < cursor)],
        Chunks = Chunks,
        UntoldBytes = UntoldBytes,
        Windows = [.. Windows.TakeWhile(w => w.EndCursor <= cursor)],
        IndexedEnd = IndexedEnd,
    };
}

/// <summary>Neighbouring bytes of one channel.</summary>
/// <param name="Channel">Where they came from. <see cref="Channel.Mixed"/> when the index does not tell, or does not tell yet.</param>
/// <param name="StartCursor">Of the first byte.</param>
/// <param name="EndCursor">Behind the last.</param>
/// <param name="Timestamp">When the first came, to the accuracy of the index; UTC.</param>
/// <param name="Bytes">The bytes as the command printed them.</param>
public sealed record TranscriptChunk(Channel Channel, long StartCursor, long EndCursor, DateTime Timestamp, ReadOnlyMemory<byte> Bytes);

/// <summary>Bytes that the command printed and the transcript does not have.</summary>
/// <param name="Offset">The cursor at which they are missing. Freed bytes had the cursors from here on.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Reason">Why, as a person may be told; <see cref="Freed"/> for those that <c>--max-output</c> gave up.</param>
public sealed record TranscriptGap(long Offset, long Bytes, string Reason)
{
    public const string Freed = "freed";

    /// <summary>Whether <c>--max-output</c> gave them up; else they were never stored.</summary>
    public bool IsFreed => string.Equals(Reason, Freed, StringComparison.Ordinal);
}
