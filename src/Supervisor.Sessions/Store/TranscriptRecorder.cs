using System.Diagnostics;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// Stores a command's output beside its stream, on a thread of its own behind a fixed queue. A slow disk paces the
/// command once the queue is full, for a limited time; a disk that fails or stays slow detaches the recording: bytes are
/// then counted, not stored, nobody waits, and once a second it is tried again, with a <c>gap</c> event where bytes are missing
/// (<see cref="Losses"/>). What goes wrong on its thread never ends the run.
/// </summary>
public sealed class TranscriptRecorder : IDisposable
{
    private const int QueueBytes = 1024 * 1024;
    private const int QueueEntries = 4096;
    private const int WritePiece = 256 * 1024;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After storing something the thread looks again this much later, unasked: a steady stream is stored in few large pieces
    /// and costs the threads that move it no wake-ups. Bytes after a quiet time are stored at once.
    /// </summary>
    private const int NapMilliseconds = 2;

    private readonly TranscriptStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly OutputQueue _queue = new(QueueBytes, QueueEntries);
    private readonly Queue<PendingFile> _files = new();
    private readonly Losses _losses = new();
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _room = new(initialState: false);
    private readonly ManualResetEventSlim _settled = new(initialState: false);
    private readonly WakeEvent _work = new();
    private readonly Thread _thread;

    private TimeSpan _waited;
    private Func<RecordingResult, IReadOnlyList<PendingFile>>? _last;
    private bool _sleeping;
    private bool _napping;
    private bool _detached;
    private bool _completed;
    private bool _stored;
    private bool _ending;
    private bool _givenUp;
    private long _retryAt;

    /// <param name="folder">Where to store; stays the caller's.</param>
    /// <param name="maxOutputBytes">How much of the newest output is kept.</param>
    /// <param name="patience">How long in all the command may be paced by a slow disk before the recording detaches.</param>
    /// <param name="time">The clock of the index and the events.</param>
    /// <exception cref="IOException">The files cannot be made; <see cref="Exception.HResult"/> is the errno.</exception>
    public TranscriptRecorder(OwnedFolder folder, long maxOutputBytes, TimeSpan patience, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (_patience, _time) = (patience, time);
        _store = new TranscriptStore(folder, maxOutputBytes, time);
        if (SmallThread.TryStart("transcript", Run) is not { } thread)
        {
            _store.Dispose();
            throw new IOException("the system allows no more threads");
        }

        _thread = thread;
    }

    /// <summary>How far the transcript can be read.</summary>
    internal StoredEnd Stored => _store.End;

    /// <summary>How the recording goes.</summary>
    internal RecordingHealth Health
    {
        get
        {
            lock (_gate)
            {
                return new RecordingHealth(_losses.Bytes, _detached ? _losses.Reason : null);
            }
        }
    }

    /// <summary>
    /// Queues output. Returns at once unless the queue is full; never throws for what goes wrong with the disk.
    /// </summary>
    public void Append(Channel channel, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            lock (_gate)
            {
                if (_detached)
                {
                    _losses.Add(bytes.Length);
                    return;
                }

                int taken = Math.Min(_queue.Room, bytes.Length);
                if (taken > 0)
                {
                    _queue.Add(channel, bytes[..taken], _time.GetUtcNow().UtcDateTime);
                    bytes = bytes[taken..];
                    WakeWriter();
                    continue;
                }

                _room.Reset();
            }

            WaitForRoom();
        }
    }

    /// <summary>Queues an event at the offset of the next byte.</summary>
    /// <param name="happening">Its time is set here, and its offset when it is stored: only then it is known.</param>
    public void Append(TranscriptEvent happening)
    {
        ArgumentNullException.ThrowIfNull(happening);
        happening = happening with { Timestamp = _time.GetUtcNow().UtcDateTime };
        while (true)
        {
            lock (_gate)
            {
                if (_detached)
                {
                    _losses.Keep(happening);
                    return;
                }

                if (_queue.Add(happening))
                {
                    WakeWriter();
                    return;
                }

                _room.Reset();
            }

            WaitForRoom();
        }
    }

    /// <summary>Has a file of the folder replaced. Whoever asks for it does not wait for the disk.</summary>
    public void Write(PendingFile file)
    {
        lock (_gate)
        {
            _files.Enqueue(file);
            WakeWriter();
        }
    }

    /// <summary>Returns how far the transcript goes once all that was appended until now is stored, or given up; at most after the patience.</summary>
    public long Settle()
    {
        lock (_gate)
        {
            if (_queue.IsEmpty || _detached)
            {
                return _store.End.Value;
            }

            _settled.Reset();
        }

        _settled.Wait(_patience);
        return _store.End.Value;
    }

    /// <summary>Ends the recording without a word of how.</summary>
    public RecordingResult Complete() => Complete(_ => []);

    /// <summary>Stores what is queued, waiting for the disk at most as long as the patience, and ends the recording.</summary>
    /// <param name="last">Makes the files that say how it ended, once that is known. Runs on the recorder's thread.</param>
    public RecordingResult Complete(Func<RecordingResult, IReadOnlyList<PendingFile>> last)
    {
        lock (_gate)
        {
            _last = last;
            _completed = true;
            WakeWriter();
        }

        bool ended = _thread.Join(_patience);
        lock (_gate)
        {
            long lost = _losses.Bytes + (ended ? 0 : _queue.QueuedBytes);
            return new RecordingResult(_store.End.Value, lost, _losses.FirstReason ?? (ended ? null : SlowDisk()));
        }
    }

    private static string SlowDisk() => "the disk was too slow";

    private void WakeWriter()
    {
        if (_sleeping || (_napping && (_completed || _queue.QueuedBytes > QueueBytes / 2)))
        {
            _sleeping = false;
            _napping = false;
            _work.Set();
        }
    }

    /// <summary>Paces the command. The time spent here counts against the patience until the queue has been empty again.</summary>
    private void WaitForRoom()
    {
        TimeSpan left = _patience - _waited;
        long started = Stopwatch.GetTimestamp();
        bool freed = left > TimeSpan.Zero && _room.Wait(left);
        lock (_gate)
        {
            _waited += Stopwatch.GetElapsedTime(started);
            if (!freed && !_detached)
            {
                Detach(SlowDisk());
            }
        }
    }

    private void Detach(string problem)
    {
        _detached = true;
        _losses.Blame(problem);
        _retryAt = _time.GetTimestamp();
        _room.Set();
        _settled.Set();
    }

    private void Run()
    {
        bool goesOn = true;
        while (goesOn)
        {
            try
            {
                goesOn = Step();
            }
            catch (Exception e)
            {
                // Whatever it is, it is the recording's trouble and not the command's.
                lock (_gate)
                {
                    _losses.AddAll(_queue);
                    Detach(e.Message);
                    goesOn = !_ending;
                    _givenUp = _completed;
                }
            }
        }
    }

    /// <summary>Does the next thing that is to be done. False at the end.</summary>
    private bool Step()
    {
        OutputQueue.Piece piece = default;
        PendingFile? file;
        bool any;
        bool completed;
        lock (_gate)
        {
            _files.TryDequeue(out file);
            any = !_queue.IsEmpty;
            completed = _completed;
            if (!any)
            {
                _settled.Set();
            }

            if (any)
            {
                piece = _queue.Peek(WritePiece);
            }
            else if (file is null)
            {
                _waited = TimeSpan.Zero;
                _napping = _stored && !completed;
                _sleeping = !_napping;
            }
        }

        if (file is not null)
        {
            Store(file);
        }
        else if (any)
        {
            Store(piece);
            _stored = true;
        }
        else if (_stored && !completed)
        {
            _stored = false;
            Nap();
        }
        else if (_detached && !_givenUp && (completed || _time.GetElapsedTime(_retryAt) >= RetryInterval) && TryReattach())
        {
            return true;
        }
        else if (completed)
        {
            _ending = true;
            End();
            return false;
        }
        else
        {
            Sleep();
        }

        return true;
    }

    private void End()
    {
        _store.FlushIndex();
        NoticeDeletion();
        RecordingResult result;
        lock (_gate)
        {
            result = new RecordingResult(_store.End.Value, _losses.Bytes, _losses.FirstReason);
        }

        if (_store.WriteLast(_last!(result)) is { } problem)
        {
            lock (_gate)
            {
                _losses.Blame(problem);
            }
        }
    }

    /// <summary>A file that cannot be written is a problem to tell, but does not stop the recording of output.</summary>
    private void Store(PendingFile file)
    {
        string? problem = _store.Write(file);
        if (problem is not null)
        {
            lock (_gate)
            {
                _losses.Blame(problem);
            }
        }

        file.Written?.Invoke(problem);
    }

    private void Nap()
    {
        if (Io.WaitFor(_work.Fd, Libc.POLLIN, NapMilliseconds))
        {
            _work.Clear();
        }
    }

    private void Sleep()
    {
        int timeout = Io.Forever;
        if (_detached)
        {
            timeout = (int)RetryInterval.TotalMilliseconds;
        }
        else if (_store.IndexDue is { } due)
        {
            timeout = due;
        }

        if (Io.WaitFor(_work.Fd, Libc.POLLIN, timeout))
        {
            _work.Clear();
        }

        if (_store.IndexDue is 0)
        {
            _store.FlushIndex();
            NoticeDeletion();
        }
    }

    private void Store(in OutputQueue.Piece piece)
    {
        int stored = 0;
        int error = piece.Event is { } happening
            ? _store.Add(happening)
            : _store.Add(piece.Channel, piece.Time, piece.Bytes, out stored);
        lock (_gate)
        {
            _queue.Remove(piece);
            if (error == 0)
            {
                _room.Set();
                return;
            }

            _losses.Add(piece.Length - stored);
            if (piece.Event is { } lost)
            {
                _losses.Keep(lost);
            }

            _losses.AddAll(_queue);
            Detach(error == Errno.EOPNOTSUPP ? "the file system cannot free its oldest bytes" : Errno.Text(error));
        }
    }

    /// <summary>Says where bytes are missing; when that can be written, recording goes on behind it.</summary>
    private bool TryReattach()
    {
        _retryAt = _time.GetTimestamp();

        // Until its limit can be kept, nothing more is stored.
        if (NoticeDeletion() || _store.KeepLimit() != 0)
        {
            return false;
        }

        long missing;
        List<TranscriptEvent> events;
        string? reason;
        lock (_gate)
        {
            // From here on bytes queue up again, behind the gap: this thread writes it before any of them.
            (missing, events) = _losses.TakeUntold();
            reason = _losses.Reason;
            _detached = false;
            _waited = TimeSpan.Zero;
        }

        int error = missing > 0 ? _store.AddGap(missing, reason) : 0;
        if (error == 0)
        {
            missing = 0;
            while (events.Count > 0 && (error = _store.Add(events[0])) == 0)
            {
                events.RemoveAt(0);
            }
        }

        if (error != 0)
        {
            lock (_gate)
            {
                _losses.PutBack(missing, events);
                _losses.AddAll(_queue);
                Detach(Errno.Text(error));
            }
        }

        return error == 0;
    }

    private bool NoticeDeletion()
    {
        if (!_store.IsDeleted)
        {
            return false;
        }

        lock (_gate)
        {
            if (!_detached)
            {
                Detach("its folder was deleted");
            }
        }

        return true;
    }

    /// <summary>Whether nothing is written any more: the folder may be let go.</summary>
    public bool HasEnded => _thread.Join(TimeSpan.Zero);

    public void Dispose()
    {
        if (HasEnded)
        {
            _store.Dispose();
            _queue.Dispose();
            _work.Dispose();
            _room.Dispose();
            _settled.Dispose();
        }
    }
}
