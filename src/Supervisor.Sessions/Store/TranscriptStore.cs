using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// A transcript's files in the hands of the one thread that writes them: output, index, events and floor, always in step. It
/// says what failed, by errno, and decides nothing.
/// </summary>
internal sealed class TranscriptStore : IDisposable
{
    private readonly OwnedFolder _folder;
    private readonly TimeProvider _time;
    private readonly int _output;
    private readonly IndexWriter _index;
    private readonly AppendFile _events;
    private readonly Floor _floor;
    private readonly List<PendingFile> _unwritten = [];
    private long _end;

    /// <param name="folder">Where to store; stays the caller's.</param>
    /// <param name="maxOutputBytes">How much of the newest output is kept.</param>
    /// <param name="time">The clock of the index and the events.</param>
    /// <exception cref="IOException">The files cannot be made; <see cref="Exception.HResult"/> is the errno.</exception>
    public TranscriptStore(OwnedFolder folder, long maxOutputBytes, TimeProvider time)
    {
        (_folder, _time) = (folder, time);
        _floor = new Floor(folder, maxOutputBytes);
        _output = folder.OpenAppend(Artifact.Output);
        try
        {
            // Another attempt of a session goes on where the one before it ended.
            _end = Io.Stat(_output, out StatX stat) ? (long)stat.Size : 0;
            End.Advance(_end);
            _events = new AppendFile(folder.OpenAppend(Artifact.Events));
            _index = new IndexWriter(folder, () => _floor.Value);
        }
        catch
        {
            Libc.close(_output);
            _events?.Dispose();
            throw;
        }
    }

    /// <summary>Bytes stored in all, freed ones included. May be read by any thread.</summary>
    public StoredEnd End { get; } = new();

    /// <summary>How long until the open window of the index must be written, in milliseconds; null when none is open.</summary>
    public int? IndexDue => _index.Due is { } due
        ? Math.Clamp((int)Math.Ceiling((due - Now).TotalMilliseconds), 0, (int)IndexWriter.WindowTime.TotalMilliseconds)
        : null;

    /// <summary>Whether somebody removed the folder: nobody can read what is stored from then on.</summary>
    public bool IsDeleted => _folder.IsDeleted;

    private DateTime Now => _time.GetUtcNow().UtcDateTime;

    /// <summary>Stores output, as much as goes, and frees the oldest past the limit.</summary>
    /// <param name="stored">How many of the bytes were stored.</param>
    /// <returns>0 or the errno.</returns>
    public int Add(Channel channel, DateTime time, ReadOnlySpan<byte> bytes, out int stored)
    {
        stored = 0;
        while (stored < bytes.Length)
        {
            nint n = Io.Write(_output, bytes[stored..]);
            if (n <= 0)
            {
                return n == 0 ? Errno.EIO : Errno.Last;
            }

            _index.Add(_end, channel, n, time);
            _end += n;
            End.Advance(_end);
            stored += (int)n;
        }

        return KeepLimit();
    }

    /// <summary>Stores an event at the offset of the next byte. 0 or the errno.</summary>
    public int Add(TranscriptEvent happening) => _events.Append((happening with { Offset = _end }).ToLine());

    /// <summary>Says at the present end that bytes are missing. 0 or the errno.</summary>
    public int AddGap(long bytes, string? reason) =>
        Add(new TranscriptEvent { Type = "gap", Offset = 0, Timestamp = Now, Bytes = bytes, Reason = reason });

    /// <summary>Frees the oldest output when there is more than the limit. 0 or the errno.</summary>
    public int KeepLimit()
    {
        if (!_floor.IsOver(_end))
        {
            return 0;
        }

        try
        {
            long freed = _floor.Raise(_output, _end);
            TranscriptEvent happening = new() { Type = "freed", Offset = _floor.Value, Timestamp = Now, Bytes = freed };
            return freed > 0 ? _events.Append(happening.ToLine()) : (int)-freed;
        }
        catch (IOException e)
        {
            return e.HResult;
        }
    }

    /// <summary>Writes the open window of the index, if any.</summary>
    public void FlushIndex() => _index.Flush();

    /// <summary>Replaces a file of the folder. Null, or why it could not be written; it is tried again at the end.</summary>
    public string? Write(PendingFile file)
    {
        _unwritten.RemoveAll(f => string.Equals(f.Name, file.Name, StringComparison.Ordinal));
        try
        {
            _folder.WriteAtomically(file.Name, file.Content);
            return null;
        }
        catch (IOException e)
        {
            _unwritten.Add(file);
            return e.HResult > 0 ? Errno.Text(e.HResult) : e.Message;
        }
    }

    /// <summary>
    /// Writes the files that say how it ended, behind those that could not be written before. On a full disk the index gives way
    /// to them: it only tells when bytes came. A session without output, and without an end or a description, is none: its folder goes.
    /// </summary>
    /// <returns>Null, or why not all could be written.</returns>
    public string? WriteLast(IReadOnlyList<PendingFile> last)
    {
        List<PendingFile> files = new(_unwritten);
        files.AddRange(last);
        string? problem = WriteEach(files);
        if (problem is not null && !IsDeleted)
        {
            _index.Clear();
            WriteEach(new List<PendingFile>(_unwritten));
        }

        if (_unwritten.Count > 0 && _end == 0 && !(_folder.Holds(Artifact.Meta) && _folder.Holds(Artifact.Final)))
        {
            _folder.Remove();
        }

        return problem;
    }

    private string? WriteEach(List<PendingFile> files)
    {
        string? problem = null;
        foreach (PendingFile file in files)
        {
            string? reason = Write(file);
            problem ??= reason;
        }

        return problem;
    }

    public void Dispose()
    {
        Libc.close(_output);
        _index.Dispose();
        _events.Dispose();
    }
}
