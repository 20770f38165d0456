using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// Writes <c>index.jsonl</c>: one record per window of at most 64 KiB or 50 ms. Nothing is synced: the index is a map
/// of the transcript, and what it lacks after a power loss is only when bytes came.
/// </summary>
internal sealed class IndexWriter : IDisposable
{
    public const int WindowBytes = 64 * 1024;

    public static readonly TimeSpan WindowTime = TimeSpan.FromMilliseconds(50);

    /// <summary>Past this many changes of channel a window ends early, so that no record grows long.</summary>
    private const int MaxRuns = 256;

    /// <summary>No record is longer.</summary>
    private const int MaxLineBytes = 32 * 1024;

    private readonly OwnedFolder _folder;
    private readonly Func<long> _floor;
    private readonly long _maxLength;
    private AppendFile _file;
    private readonly IndexRecord _open = new() { Offset = 0, Timestamp = default };
    private byte[] _line = new byte[512];
    private bool _isOpen;
    private DateTime _lastTime = DateTime.MinValue;

    /// <param name="folder">Where to write.</param>
    /// <param name="floor">Where the transcript begins now: records below it go when the index is compacted.</param>
    /// <param name="maxLength">The length in bytes past which the index is compacted.</param>
    public IndexWriter(OwnedFolder folder, Func<long> floor, long maxLength = IndexCompaction.DefaultMaxLength)
    {
        _folder = folder;
        _floor = floor;
        _maxLength = maxLength;
        _file = new AppendFile(folder.OpenAppend(Artifact.Index));
        _lastTime = _file.Length > 0 && LastLine(folder) is { } last ? last.Timestamp : DateTime.MinValue;
    }

    /// <summary>The last record of an earlier owner: its time is the earliest that the next one may have.</summary>
    private static IndexRecord? LastLine(OwnedFolder folder)
    {
        byte[] tail = folder.ReadTail(Artifact.Index, MaxLineBytes);
        ReadOnlySpan<byte> lines = tail.AsSpan().TrimEnd((byte)'\n');
        return IndexRecord.Parse(lines[(lines.LastIndexOf((byte)'\n') + 1)..]);
    }

    /// <summary>When the open window must be written at the latest; null when none is open.</summary>
    public DateTime? Due => _isOpen ? _open.Timestamp + WindowTime : null;

    public void Add(long offset, Channel channel, long length, DateTime time)
    {
        // The clock may be set back; the index's times never decrease, so that a time can be searched for.
        time = time > _lastTime ? time : _lastTime;
        _lastTime = time;
        while (length > 0)
        {
            if (_isOpen
                && (_open.Length >= WindowBytes || time - _open.Timestamp >= WindowTime || _open.Runs.Count >= MaxRuns))
            {
                Flush();
            }

            if (!_isOpen)
            {
                _open.Restart(offset, time);
                _isOpen = true;
            }

            // A window that could not be written takes all that comes until it can.
            long part = _open.Length < WindowBytes ? Math.Min(length, WindowBytes - _open.Length) : length;
            _open.Add(channel, part);
            offset += part;
            length -= part;
        }
    }

    /// <summary>Writes the open window. One that cannot be written stays open and is tried again with the next.</summary>
    public void Flush()
    {
        if (!_isOpen)
        {
            return;
        }

        int length = _open.WriteLine(ref _line);
        if (_file.Append(_line.AsSpan(0, length)) == 0)
        {
            _isOpen = false;
            if (_file.Length > _maxLength)
            {
                Compact();
            }
        }
        else if (_open.Runs.Count >= MaxRuns)
        {
            _open.Collapse();
        }
    }

    /// <summary>Gives the index's space back to the disk.</summary>
    public void Clear()
    {
        _isOpen = false;
        _file.Clear();
    }

    private void Compact()
    {
        if (IndexCompaction.Run(_folder, _floor()))
        {
            AppendFile compacted = new(_folder.OpenAppend(Artifact.Index));
            _file.Dispose();
            _file = compacted;
        }
    }

    public void Dispose() => _file.Dispose();
}
