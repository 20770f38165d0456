using Microsoft.Win32.SafeHandles;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>The <c>gap</c> events of a transcript. Reads of <c>events.jsonl</c> only what was added since it was last asked.</summary>
internal sealed class GapLog
{
    private const int BlockBytes = 64 * 1024;
    private const int LeastBytes = 1024;
    private const int MaxLine = 1024 * 1024;

    private readonly List<TranscriptGap> _gaps = [];
    private byte[] _buffer = [];
    private long _position;
    private long _seenLength;

    /// <summary>The gaps at a cursor in a range, both ends included, in order.</summary>
    public void AddTo(List<TranscriptGap> gaps, long from, long to)
    {
        // Few, and mostly the last ones are wanted.
        int first = _gaps.Count;
        while (first > 0 && _gaps[first - 1].Offset >= from)
        {
            first--;
        }

        for (; first < _gaps.Count && _gaps[first].Offset <= to; first++)
        {
            gaps.Add(_gaps[first]);
        }
    }

    /// <summary>Reads on to the file's present end.</summary>
    public void Update(SessionFiles files)
    {
        using SafeFileHandle? file = files.OpenForReading(Artifact.Events);
        if (file is null)
        {
            return;
        }

        long length = RandomAccess.GetLength(file);
        while (_seenLength < length)
        {
            if (_buffer.Length == 0)
            {
                _buffer = new byte[Math.Clamp(length - _position, LeastBytes, BlockBytes)];
            }

            int n = RandomAccess.Read(file, _buffer, _position);
            int end = _buffer.AsSpan(0, n).LastIndexOf((byte)'\n') + 1;
            Take(_buffer.AsSpan(0, end));
            _position += end;
            _seenLength = _position;
            if (end > 0)
            {
                continue;
            }

            if (n < _buffer.Length)
            {
                // A line being written, or torn: it is read again when there is more.
                _seenLength = length;
                return;
            }

            if (n >= MaxLine)
            {
                _position += n;
                _seenLength = _position;
            }
            else
            {
                _buffer = new byte[n * 2];
            }
        }
    }

    private void Take(ReadOnlySpan<byte> lines)
    {
        // Most events are of other kinds, "freed" above all: they are not parsed.
        int at;
        while ((at = lines.IndexOf("\"gap\""u8)) >= 0)
        {
            int start = lines[..at].LastIndexOf((byte)'\n') + 1;
            int end = at + lines[at..].IndexOf((byte)'\n');
            if (Parse(lines[start..end]) is { } gap)
            {
                Insert(gap);
            }

            lines = lines[(end + 1)..];
        }
    }

    private void Insert(TranscriptGap gap)
    {
        int at = _gaps.Count;
        while (at > 0 && _gaps[at - 1].Offset > gap.Offset)
        {
            at--;
        }

        _gaps.Insert(at, gap);
    }

    private static TranscriptGap? Parse(ReadOnlySpan<byte> line) => TranscriptEvent.Read(line) is { Type: "gap" } gap
        ? new TranscriptGap(Math.Max(0, gap.Offset), Math.Max(0, gap.Bytes ?? 0), gap.Reason ?? "")
        : null;
}
