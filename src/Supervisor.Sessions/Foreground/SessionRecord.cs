using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
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
    private const int IdTries = 20;

    /// <summary>How long in all a slow disk may pace a command in the foreground.</summary>
    private static readonly TimeSpan DiskPatience = TimeSpan.FromSeconds(2);

    private readonly OwnedFolder? _folder;
    private readonly NameLock? _name;
    private readonly TimeProvider _time;
    private SessionMeta _meta;
    private AttemptRecord _attempt;
    private string? _problem;

    private SessionRecord(OwnedFolder? folder, NameLock? name, SessionMeta meta, TimeProvider time, string? problem)
    {
        (_folder, _name, _meta, _time, _problem) = (folder, name, meta, time, problem);
        _attempt = new AttemptRecord
        {
            Attempt = AttemptNumber, ClaimedAt = meta.StartedAt, BootId = meta.BootId, StartCursor = 0,
        };
    }

    public SessionMeta Meta => _meta;

    /// <summary>Null when nothing can be recorded.</summary>
    public TranscriptRecorder? Recorder { get; private set; }

    /// <summary>The session's folder; null when it could not be made.</summary>
    public string? Path => _folder?.Path;

    /// <summary>Claims the id and the name, and writes the first meta.json.</summary>
    /// <exception cref="SupException">The id or the name is taken, or the state root is not safe.</exception>
    public static SessionRecord Open(RunRequest request, Func<SessionId, SessionMeta> describe, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(describe);
        OwnedFolder? folder = null;
        NameLock? name = null;
        string? problem = null;
        SessionId id = request.Id ?? SessionId.Generate();
        try
        {
            name = request.Name is { } wanted ? TakeName(request.Root, wanted, id) : null;
            folder = MakeFolder(request, ref id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }
        catch
        {
            name?.Dispose();
            throw;
        }

        SessionRecord record = new(folder, name, describe(id), time, problem);
        record.Try(() => record.Recorder = folder is null
            ? null
            : new TranscriptRecorder(folder, request.MaxOutputBytes, DiskPatience, time));
        record.Write(Artifact.Meta, record._meta.ToLine());
        record.WriteAttempt();
        record.Try(() => record._folder?.Reserve(Artifact.Final));
        return record;
    }

    /// <summary>Says which script runs; it is written with the next change of meta.json.</summary>
    public void Identify(Scripts.ScriptIdentity script)
    {
        ArgumentNullException.ThrowIfNull(script);
        _meta = _meta with { ScriptPath = script.Path, ScriptHash = script.Hash };
    }

    public void Started(int pid)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        long? startTime = ProcessIdentity.Of(pid)?.StartTime;
        _meta = _meta with { Pid = pid, PidStartTime = startTime };
        _attempt = _attempt with { Pid = pid, PidStartTime = startTime, StartedAt = now };
        Recorder?.Append(new TranscriptEvent { Type = "started", Offset = 0, Timestamp = now, Attempt = AttemptNumber, Pid = pid });
        Write(Artifact.Meta, _meta.ToLine());
        WriteAttempt();
    }

    public void Resized(Protocol.Values.TerminalSize size) => Recorder?.Append(new TranscriptEvent
    {
        Type = "resized", Offset = 0, Timestamp = default, Columns = size.Columns, Rows = size.Rows,
    });

    /// <summary>Ends the transcript and writes final.json. Returns what is wrong with the recording, if anything.</summary>
    public RecordingResult Ended(
        SessionState state, int? exitCode, string? signal, string? error, IReadOnlyList<Survivor> survivors)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        if (state != SessionState.Failed)
        {
            Recorder?.Append(new TranscriptEvent
            {
                Type = "exited", Offset = 0, Timestamp = now, Attempt = AttemptNumber, ExitCode = exitCode, Signal = signal,
            });
        }

        else
        {
            Write(Artifact.Meta, _meta.ToLine());
        }

        RecordingResult? result = Recorder?.Complete();
        _attempt = _attempt with
        {
            EndedAt = now, ExitCode = exitCode, Signal = signal, EndCursor = result?.EndCursor ?? 0, Error = error,
        };
        WriteAttempt();
        Write(
            Artifact.Final,
            new SessionFinal
            {
                Id = _meta.Id,
                Attempt = AttemptNumber,
                State = state.Word(),
                EndReason = state switch
                {
                    SessionState.Failed => "start-failed",
                    SessionState.Lost => "owner-lost",
                    _ => "exit",
                },
                EndedAt = now,
                ExitCode = exitCode,
                Signal = signal,
                DurationSeconds = Math.Max(0, (now - _meta.StartedAt).TotalSeconds),
                OutputBytes = result?.EndCursor ?? 0,
                Error = error,
                Survivors = survivors,
            }.ToLine());
        return new RecordingResult(result?.EndCursor ?? 0, result?.LostBytes ?? 0, result?.Problem ?? _problem);
    }

    private static NameLock TakeName(StateRoot root, SessionName name, SessionId id) =>
        NameLock.TryTake(root, name, id)
        ?? throw new SupException(
            ErrorCode.NameTaken,
            ExitCode.Usage,
            $"cannot name the session {name}: a live session has that name",
            "choose another --name, or wait for its end");

    private static OwnedFolder? MakeFolder(RunRequest request, ref SessionId id)
    {
        for (int attempt = 0; attempt < IdTries; attempt++)
        {
            if (OwnedFolder.Create(request.Root, id) is { } folder)
            {
                return folder;
            }

            if (request.Id is not null)
            {
                throw SupException.Usage(
                    $"cannot use the session id {id}: a session of that id exists", "leave out --session-id, or choose another");
            }

            id = SessionId.Generate();
        }

        throw new SupException(ErrorCode.Internal, ExitCode.Failure, "cannot find a free session id");
    }

    private void WriteAttempt() => Write($"{Artifact.Attempts}/{AttemptNumber}.json", _attempt.ToLine());

    private void Write(string name, byte[] content) => Try(() => _folder?.WriteAtomically(name, content));

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

    public void Dispose()
    {
        Recorder?.Dispose();
        _folder?.Dispose();
        _name?.Dispose();
    }
}
