using System.Globalization;
using System.Runtime.ExceptionServices;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// All that a foreground run leaves behind: its folder, its files and its transcript. It stands beside the run: when a
/// file cannot be written the problem is kept for the end, and the run goes on.
/// </summary>
public sealed class SessionRecord : IDisposable
{
    private const int AttemptNumber = 1;
    private static readonly string AttemptFile = string.Create(CultureInfo.InvariantCulture, $"{Artifact.Attempts}/{AttemptNumber}.json");

    /// <summary>How long in all a slow disk may pace a command in the foreground.</summary>
    private static readonly TimeSpan DiskPatience = TimeSpan.FromSeconds(2);

    private readonly StateRoot? _root;
    private readonly OwnedFolder? _folder;
    private readonly TimeProvider _time;
    private readonly Lock _metaGate = new();
    private NameLock? _name;
    private LiveListener? _listener;
    private LiveServer? _live;
    private SessionMeta _meta;
    private AttemptRecord _attempt;
    private string? _problem;

    private SessionRecord(StateRoot? root, OwnedFolder? folder, NameLock? name, SessionMeta meta, TimeProvider time, string? problem)
    {
        (_root, _folder, _name, _meta, _time, _problem) = (root, folder, name, meta, time, problem);
        _attempt = new AttemptRecord
        {
            Attempt = AttemptNumber,
            ClaimedAt = meta.StartedAt,
            BootId = meta.BootId,
            StartCursor = 0,
        };
    }

    public SessionMeta Meta => _meta;

    /// <summary>Null when nothing can be recorded.</summary>
    public TranscriptRecorder? Recorder { get; private set; }

    /// <summary>The session's folder; null when it could not be made.</summary>
    public string? Path => _folder?.Path;

    /// <summary>
    /// Claims the id and the name, and writes the first meta.json. A disk that does not answer within the patience is gone
    /// without: then nothing is recorded.
    /// </summary>
    /// <exception cref="SupException">The id or the name is taken.</exception>
    public static SessionRecord Open(RunRequest request, Func<SessionId, SessionMeta> describe, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(describe);
        SessionRecord? record = null;
        ExceptionDispatchInfo? failure = null;
        Lock gate = new();
        bool abandoned = false;
        Thread? opening = SmallThread.TryStart("open", Work);
        if (opening is null)
        {
            Work();
        }

        bool opened = opening?.Join(DiskPatience) ?? true;
        lock (gate)
        {
            // Without the lock it could still be done at this moment.
            abandoned = !opened && record is null && failure is null;
        }

        if (abandoned)
        {
            return new SessionRecord(null, null, null, describe(request.Id ?? SessionId.Generate()), time, "the disk was too slow");
        }

        failure?.Throw();
        return record!;

        void Work()
        {
            try
            {
                SessionRecord made = OpenNow(request, describe, time);
                lock (gate)
                {
                    if (!abandoned)
                    {
                        record = made;
                        return;
                    }
                }

                // Too late: the command runs without. What is left of the session would look like one that was lost.
                made.Discard();
            }
            catch (Exception e)
            {
                lock (gate)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            }
        }
    }

    private static SessionRecord OpenNow(RunRequest request, Func<SessionId, SessionMeta> describe, TimeProvider time)
    {
        SessionClaim claim = SessionClaim.Of(request);
        SessionRecord record = new(claim.Root, claim.Folder, claim.Name, describe(claim.Id), time, claim.Problem);
        record.Listen();
        record.Write(Artifact.Meta, record._meta.ToLine());
        record.Write(AttemptFile, record._attempt.ToLine());
        record.Try(() => record._folder?.Reserve(Artifact.Final));
        record.Try(() => record.Recorder = claim.Folder is null
            ? null
            : new TranscriptRecorder(claim.Folder, request.MaxOutputBytes, DiskPatience, time));
        return record;
    }

    /// <summary>Says which script runs; it is written with the next change of meta.json.</summary>
    public void Identify(Scripts.ScriptIdentity script)
    {
        ArgumentNullException.ThrowIfNull(script);
        lock (_metaGate)
        {
            _meta = _meta with { ScriptPath = script.Path, ScriptHash = script.Hash };
        }
    }

    /// <summary>Puts the start into the transcript, before its first byte.</summary>
    public void Begun(int pid) => Recorder?.Append(new TranscriptEvent
    {
        Type = "started",
        Offset = 0,
        Timestamp = default,
        Attempt = AttemptNumber,
        Pid = pid,
    });

    /// <summary>Writes the pid down.</summary>
    public void Started(int pid)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        long? startTime = ProcessIdentity.Of(pid)?.StartTime;
        lock (_metaGate)
        {
            _meta = _meta with { Pid = pid, PidStartTime = startTime };
            Write(Artifact.Meta, _meta.ToLine());
        }

        _attempt = _attempt with { Pid = pid, PidStartTime = startTime, StartedAt = now };
        Write(AttemptFile, _attempt.ToLine());
    }

    /// <summary>Lets others watch the session and ask for what only its owner can do.</summary>
    internal void GoLive(ILiveOwner owner)
    {
        if (_listener is not null && Recorder is not null)
        {
            _live = new LiveServer(_listener.Fd, _meta.Id, Recorder.Stored, owner);
            _live.Start();
        }
    }

    /// <summary>How the session is, for whoever asks over the live socket.</summary>
    internal LiveMessage Status
    {
        get
        {
            RecordingHealth health = Recorder?.Health ?? default;
            return new LiveMessage
            {
                Type = LiveMessageType.Status,
                Name = _meta.Name,
                State = (_meta.Pid is null ? SessionState.Starting : SessionState.Running).Word(),
                Pid = _meta.Pid,
                LostBytes = health.LostBytes,
                Problem = health.Problem,
            };
        }
    }

    /// <summary>
    /// Gives the session another name: the new name's lock is taken, meta.json written, and the old lock let go, so that at every
    /// moment the session has a name nobody else has.
    /// </summary>
    internal void Rename(SessionName name, Action<LiveMessage> answer)
    {
        lock (_metaGate)
        {
            NameLock? taken = null;
            string? before = _meta.Name;
            if (!string.Equals(before, name.Value, StringComparison.Ordinal))
            {
                try
                {
                    taken = NameLock.TryTake(_root!, name, _folder!.Id);
                }
                catch (Exception e) when (e is IOException or SupException)
                {
                    answer(LiveControl.Error(ErrorCode.Internal, e.Message));
                    return;
                }

                if (taken is null)
                {
                    answer(LiveControl.Error(ErrorCode.NameTaken, $"a live session has the name {name}"));
                    return;
                }
            }

            _meta = _meta with { Name = name.Value };
            Recorder!.Write(new PendingFile(Artifact.Meta, _meta.ToLine(), problem => Renamed(before, name, taken, problem, answer)));
        }
    }

    private void Renamed(string? before, SessionName name, NameLock? taken, string? problem, Action<LiveMessage> answer)
    {
        lock (_metaGate)
        {
            if (taken is not null)
            {
                (NameLock? gone, _name) = problem is null ? (_name, taken) : (taken, _name);
                bool isCurrent = string.Equals(_meta.Name, name.Value, StringComparison.Ordinal);
                _meta = problem is not null && isCurrent ? _meta with { Name = before } : _meta;
                gone?.Dispose();
            }
        }

        answer(problem is null ? LiveControl.Done : LiveControl.Error(ErrorCode.Internal, $"cannot write meta.json: {problem}"));
    }

    public void Resized(Protocol.Values.TerminalSize size) => Recorder?.Append(new TranscriptEvent
    {
        Type = "resized",
        Offset = 0,
        Timestamp = default,
        Columns = size.Columns,
        Rows = size.Rows,
    });

    /// <summary>Ends the transcript and writes final.json, which says whether a person stopped it. Returns what is wrong with the recording, if anything.</summary>
    public RecordingResult Ended(
        SessionState state, int? exitCode, string? signal, string? error, IReadOnlyList<Survivor> survivors, bool stopped = false)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        if (state != SessionState.Failed)
        {
            Recorder?.Append(new TranscriptEvent
            {
                Type = "exited",
                Offset = 0,
                Timestamp = now,
                Attempt = AttemptNumber,
                ExitCode = exitCode,
                Signal = signal,
            });
        }

        else
        {
            Write(Artifact.Meta, _meta.ToLine());
        }

        IReadOnlyList<PendingFile> Last(RecordingResult result) => LastFiles(result, now, state, exitCode, signal, error, survivors, stopped);
        RecordingResult result;
        if (Recorder is not null)
        {
            result = Recorder.Complete(Last);
        }
        else
        {
            result = new RecordingResult(0, 0, _problem);
            foreach (PendingFile file in Last(result))
            {
                Write(file.Name, file.Content);
            }

            if (_folder is not null && !_folder.Holds(Artifact.Final))
            {
                _folder.Remove();
            }
        }

        return result with { Problem = result.Problem ?? _problem };
    }

    private IReadOnlyList<PendingFile> LastFiles(
        RecordingResult result,
        DateTime now,
        SessionState state,
        int? exitCode,
        string? signal,
        string? error,
        IReadOnlyList<Survivor> survivors,
        bool stopped)
    {
        _attempt = _attempt with { EndedAt = now, ExitCode = exitCode, Signal = signal, EndCursor = result.EndCursor, Error = error };
        SessionFinal final = new()
        {
            Id = _meta.Id,
            Attempt = AttemptNumber,
            State = state.Word(),
            EndReason = state switch
            {
                SessionState.Failed => "start-failed",
                SessionState.Lost => "owner-lost",
                _ when stopped => "user-stop",
                _ => "exit",
            },
            EndedAt = now,
            ExitCode = exitCode,
            Signal = signal,
            DurationSeconds = Math.Max(0, (now - _meta.StartedAt).TotalSeconds),
            OutputBytes = result.EndCursor,
            Error = error,
            Survivors = survivors,
        };
        return [new PendingFile(AttemptFile, _attempt.ToLine()), new PendingFile(Artifact.Final, final.ToLine())];
    }

    private void Discard()
    {
        Recorder?.Complete();
        _folder?.Remove();
        Dispose();
    }

    /// <summary>Behind the output where there is a recorder: a disk that hangs then holds neither the command nor us.</summary>
    private void Write(string name, byte[] content)
    {
        if (Recorder is not null)
        {
            Recorder.Write(new PendingFile(name, content));
        }
        else
        {
            Try(() => _folder?.WriteAtomically(name, content));
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            // Said once, after the command (RunOutcome.RecordingProblem).
            _problem ??= e.HResult > 0 ? Errno.Text(e.HResult) : e.Message;
        }
    }

    /// <summary>Before the first meta.json, which says where the socket is.</summary>
    private void Listen()
    {
        _listener = _folder is null ? null : LiveListener.Open(_folder, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
        _meta = _meta with { Socket = _listener?.Path };
    }

    public void Dispose()
    {
        _live?.Dispose();
        _listener?.Dispose();
        if (Recorder is { HasEnded: false })
        {
            // A disk that hangs still holds the recorder, and with it the folder; the process is about to end.
            return;
        }

        Recorder?.Dispose();
        _folder?.Dispose();
        _name?.Dispose();
    }
}
