using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Store;

/// <summary>
/// What a recording could not store, and why: bytes are counted, events are kept, because there are few of them and they can
/// still be stored behind the gap. Not synchronised; its owner locks.
/// </summary>
internal sealed class Losses
{
    private readonly List<TranscriptEvent> _kept = [];
    private long _told;
    private long _untold;

    /// <summary>Bytes lost in all.</summary>
    public long Bytes => _told + _untold;

    /// <summary>What went wrong last.</summary>
    public string? Reason { get; private set; }

    /// <summary>What went wrong first: that is told at the end.</summary>
    public string? FirstReason { get; private set; }

    public void Blame(string reason)
    {
        Reason = reason;
        FirstReason ??= reason;
    }

    public void Add(long bytes) => _untold += bytes;

    /// <summary>Of sizes that follow each other only the last matters.</summary>
    public void Keep(TranscriptEvent happening)
    {
        if (_kept.Count > 0 && IsSize(_kept[^1]) && IsSize(happening))
        {
            _kept[^1] = happening;
        }
        else
        {
            _kept.Add(happening);
        }
    }

    /// <summary>All that is queued is lost with what failed: one gap, at one place.</summary>
    public void AddAll(OutputQueue queue)
    {
        while (!queue.IsEmpty)
        {
            OutputQueue.Piece piece = queue.Peek(int.MaxValue);
            Add(piece.Length);
            if (piece.Event is { } happening)
            {
                Keep(happening);
            }

            queue.Remove(piece);
        }
    }

    /// <summary>Hands over what the gap must say, which counts as told from then on, and the events that belong behind it.</summary>
    public (long Bytes, List<TranscriptEvent> Events) TakeUntold()
    {
        (long bytes, List<TranscriptEvent> events) = (_untold, [.. _kept]);
        (_told, _untold) = (_told + bytes, 0);
        _kept.Clear();
        return (bytes, events);
    }

    /// <summary>It could not be said after all.</summary>
    public void PutBack(long bytes, List<TranscriptEvent> events)
    {
        (_told, _untold) = (_told - bytes, _untold + bytes);
        _kept.InsertRange(0, events);
    }

    private static bool IsSize(TranscriptEvent happening) => string.Equals(happening.Type, "resized", StringComparison.Ordinal);
}
