using Microsoft.Win32.SafeHandles;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// What the index says of a range of the transcript, in order and without holes: whatever no record covers is
/// <see cref="Channel.Mixed"/>. The end of a live transcript is not in the index yet, for some 50 ms.
/// </summary>
internal ref struct WindowMap
{
    private readonly IndexFile? _index;
    private readonly long _end;
    private readonly DateTime _tailTime;
    private IndexLine _line;
    private IndexLine.RunReader _runs;
    private long _runEnd;
    private bool _inLine;
    private bool _inRuns;

    /// <param name="index">Null when there is none.</param>
    /// <param name="start">Where the range begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="tailTime">When the bytes came that no record covers: the transcript's last change.</param>
    public WindowMap(IndexFile? index, long start, long end, DateTime tailTime)
    {
        (_index, _end, _tailTime, End, IndexedEnd) = (index, end, tailTime, start, start);
        index?.SeekOffset(start);
    }

    public long Start { get; private set; }

    public long End { get; private set; }

    public Channel Channel { get; private set; }

    public DateTime Timestamp { get; private set; }

    /// <summary>How far records reached so far: behind it nothing is known yet, or any more.</summary>
    public long IndexedEnd { get; private set; }

    /// <summary>Records looked at.</summary>
    public int Records { get; private set; }

    public bool Next()
    {
        Start = End;
        if (Start >= _end)
        {
            return false;
        }

        while (true)
        {
            if (!_inLine && !NextLine())
            {
                return Give(Channel.Mixed, _end, Max(Timestamp, _tailTime));
            }

            if (_line.Offset > Start)
            {
                return Give(Channel.Mixed, Math.Min(_line.Offset, _end), Max(Timestamp, _line.Timestamp));
            }

            if (_inRuns && _runEnd <= Start)
            {
                _inRuns = _runs.Next();
                _runEnd = _inRuns ? Math.Min(_line.End, _runEnd > long.MaxValue - _runs.Length ? long.MaxValue : _runEnd + _runs.Length) : _line.End;
                continue;
            }

            Channel channel = !_line.HasRuns ? _line.Channel : _inRuns ? _runs.Channel : Channel.Mixed;
            long end = _line.HasRuns ? _runEnd : _line.End;
            IndexedEnd = Math.Min(end, _end);
            _inLine = end < _line.End;
            return Give(channel, IndexedEnd, Max(Timestamp, _line.Timestamp));
        }
    }

    private bool NextLine()
    {
        while (_index is not null && _index.Next(out _line))
        {
            Records++;
            if (_line.End > Start)
            {
                _inLine = true;
                _inRuns = _line.HasRuns;
                _runs = _line.Runs;
                _runEnd = _line.Offset;
                return true;
            }

            Timestamp = Max(Timestamp, _line.Timestamp);
        }

        return false;
    }

    private bool Give(Channel channel, long end, DateTime time)
    {
        (Channel, End, Timestamp) = (channel, end, time);
        return true;
    }

    private static DateTime Max(DateTime a, DateTime b) => a > b ? a : b;
}
