using System.Globalization;
using System.Runtime.ExceptionServices;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
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

    private readonly TimeProvider _time;
    private readonly TimeSpan _begun = BootClock.Now;
    private AttemptRecord _attempt;

    private SessionRecord(SessionClaim claim, SessionMeta meta, TimeProvider time)
    {
        (Session, _time) = (new OwnedSession(claim, meta), time);
        _attempt = new AttemptRecord
        {
            Attempt = AttemptNumber,
            ClaimedAt = meta.StartedAt,
            BootId = meta.BootId,
            StartCursor = 0,
        };
    }

    public SessionMeta Meta => Session.Meta;

    /// <summary>Null when nothing can be recorded.</summary>
    public TranscriptRecorder? Recorder => Session.Recorder;

    /// <summary>The session's folder; null when it could not be made.</summary>
    public string? Path => Session.Folder?.Path;

    internal OwnedSession Session { get; }

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
            SessionId id = request.Id ?? SessionId.Generate();
            return new SessionRecord(new SessionClaim(id, null, null, null, "the disk was too slow"), describe(id), time);
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
                made.Session.Discard();
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
        SessionClaim claim = SessionClaim.Of(request.Root, request.Id, request.Name);
        SessionRecord record = new(claim, describe(claim.Id), time);
        OwnedSession session = record.Session;
        session.Listen();
        session.WriteMeta();
        session.Write(AttemptFile, record._attempt.ToLine());
        session.Try(() => session.Folder?.Reserve(Artifact.Final));
        session.Record(DiskPatience, time);
        return record;
    }

    /// <summary>Says which script runs; it is written with the next change of meta.json.</summary>
    public void Identify(Scripts.ScriptIdentity script)
    {
        ArgumentNullException.ThrowIfNull(script);
        Session.Change(meta => meta with { ScriptPath = script.Path, ScriptHash = script.Hash });
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
        Session.Change(meta => meta with { Pid = pid, PidStartTime = startTime });
        Session.WriteMeta();
        _attempt = _attempt with { Pid = pid, PidStartTime = startTime, StartedAt = now };
        Session.Write(AttemptFile, _attempt.ToLine());
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
            Session.WriteMeta();
        }

        IReadOnlyList<PendingFile> Last(RecordingResult result) => LastFiles(result, now, state, exitCode, signal, error, survivors, stopped);
        RecordingResult result;
        if (Recorder is not null)
        {
            result = Recorder.Complete(Last);
        }
        else
        {
            result = new RecordingResult(0, 0, Session.Problem);
            foreach (PendingFile file in Last(result))
            {
                Session.Write(file.Name, file.Content);
            }

            if (Session.Folder is { } folder && !folder.Holds(Artifact.Final))
            {
                folder.Remove();
            }
        }

        return result with { Problem = result.Problem ?? Session.Problem };
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
        string? reason = stopped && state is (SessionState.Exited or SessionState.Signaled) ? SessionEnding.UserStop : null;
        SessionFinal final = SessionEnding.Final(Meta, _attempt, state, reason, survivors, BootClock.Now - _begun);
        return [new PendingFile(AttemptFile, _attempt.ToLine()), new PendingFile(Artifact.Final, final.ToLine())];
    }

    public void Dispose() => Session.Dispose();
}
