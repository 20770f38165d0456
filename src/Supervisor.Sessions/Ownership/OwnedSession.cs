using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Ownership;

/// <summary>
/// What the one owner of a session holds: its folder with the lock, its name, its live socket, its meta.json and its transcript. It
/// stands beside the command: when a file cannot be written the problem is kept for the end, and the command goes on.
/// </summary>
internal sealed class OwnedSession : IDisposable
{
    private readonly StateRoot? _root;
    private readonly OwnedFolder? _folder;
    private readonly Lock _metaGate = new();
    private NameLock? _name;
    private LiveListener? _listener;
    private LiveServer? _live;
    private SessionMeta _meta;

    /// <param name="claim">Its folder and name become this object's.</param>
    /// <param name="meta">The first meta.json; written when it is first asked for.</param>
    public OwnedSession(SessionClaim claim, SessionMeta meta)
    {
        (_root, _folder, _name, _meta, Problem) = (claim.Root, claim.Folder, claim.Name, meta, claim.Problem);
    }

    public SessionMeta Meta => _meta;

    /// <summary>Null when it could not be made; then nothing is recorded.</summary>
    public OwnedFolder? Folder => _folder;

    /// <summary>Null when nothing can be recorded.</summary>
    public TranscriptRecorder? Recorder { get; private set; }

    /// <summary>What went wrong first; null when nothing has.</summary>
    public string? Problem { get; private set; }

    /// <summary>Binds the live socket. Before the first meta.json, which says where it is.</summary>
    public void Listen()
    {
        _listener = _folder is null ? null : LiveListener.Open(_folder, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
        _meta = _meta with { Socket = _listener?.Path };
    }

    /// <summary>Begins to record.</summary>
    /// <param name="patience">How long in all a slow disk may pace the command.</param>
    /// <param name="time">The clock of the files.</param>
    public void Record(TimeSpan patience, TimeProvider time) =>
        Try(() => Recorder = _folder is null ? null : new TranscriptRecorder(_folder, _meta.MaxOutputBytes, patience, time));

    /// <summary>Lets others watch the session and ask for what only its owner can do.</summary>
    public void GoLive(ILiveOwner owner)
    {
        if (_listener is not null && Recorder is not null)
        {
            _live = new LiveServer(_listener.Fd, _meta.Id, Recorder.Stored, owner);
            _live.Start();
        }
    }

    /// <summary>Tells the daemon something, when it is connected.</summary>
    public void Tell(LiveMessage news) => _live?.TellDaemon(news);

    /// <summary>Changes what meta.json says; it is written with the next <see cref="WriteMeta"/>.</summary>
    public void Change(Func<SessionMeta, SessionMeta> change)
    {
        lock (_metaGate)
        {
            _meta = change(_meta);
        }
    }

    public void WriteMeta()
    {
        lock (_metaGate)
        {
            Write(Artifact.Meta, _meta.ToLine());
        }
    }

    /// <summary>How the session is, for whoever asks over the live socket.</summary>
    public LiveMessage Status
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
    public void Rename(SessionName name, Action<LiveMessage> answer)
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
                    answer(LiveAnswer.Error(ErrorCode.Internal, e.Message));
                    return;
                }

                if (taken is null)
                {
                    answer(LiveAnswer.Error(ErrorCode.NameTaken, $"a live session has the name {name}"));
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

        answer(problem is null ? LiveAnswer.Done : LiveAnswer.Error(ErrorCode.Internal, $"cannot write meta.json: {problem}"));
    }

    /// <summary>Behind the output where there is a recorder: a disk that hangs then holds neither the command nor us.</summary>
    public void Write(string name, byte[] content)
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

    public void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            // Said once, after the command (RunOutcome.RecordingProblem).
            Problem ??= e.HResult > 0 ? Errno.Text(e.HResult) : e.Message;
        }
    }

    /// <summary>Takes everything back: there was to be no such session.</summary>
    public void Discard()
    {
        Recorder?.Complete();
        _folder?.Remove();
        Dispose();
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
