using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Keeper;

/// <summary>One thing asked of a keeper, to be done on its own thread.</summary>
/// <param name="Request">Valid: what its type needs is there.</param>
/// <param name="Answer">Called once.</param>
internal sealed record KeeperRequest(LiveMessage Request, Action<LiveMessage> Answer);

/// <summary>
/// What others ask of a keeper over its live socket. To begin an attempt or to end the session is for the daemon with the
/// highest epoch alone; all else for anybody of the same user.
/// </summary>
internal sealed class KeeperControl : ILiveOwner, IDisposable
{
    private const long MaxGraceMilliseconds = 24L * 60 * 60 * 1000;
    private const long MaxDueMilliseconds = 366 * MaxGraceMilliseconds;

    private readonly OwnedSession _session;
    private readonly Func<int> _lastAttempt;
    private readonly ConcurrentQueue<KeeperRequest> _requests = new();
    private long _epoch;
    private volatile Waiting? _waiting;

    /// <param name="session">Whose owner the keeper is.</param>
    /// <param name="lastAttempt">The last attempt that was claimed, or 0. Called on the socket's thread.</param>
    public KeeperControl(OwnedSession session, Func<int> lastAttempt)
    {
        (_session, _lastAttempt) = (session, lastAttempt);
        byte[] file = session.Folder?.ReadSmall(Artifact.Epoch) ?? [];
        _ = long.TryParse(Encoding.ASCII.GetString(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _epoch);
    }

    /// <summary>Set while there are requests to take.</summary>
    public WakeEvent Wake { get; } = new();

    public LiveMessage Greet(LiveMessage hello, LiveMessage answer)
    {
        if (string.Equals(hello.Role, LiveProtocol.DaemonRole, StringComparison.Ordinal) && hello.Epoch is { } epoch && epoch > _epoch)
        {
            // Remembered for a later keeper of this session: an older daemon may still be under way.
            _epoch = epoch;
            _session.Write(Artifact.Epoch, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture) + "\n"));
        }

        return answer with { Epoch = _epoch, Attempt = _lastAttempt() };
    }

    /// <summary>Whether the last attempt is over, and the daemon to say whether another follows.</summary>
    public bool Waits => _waiting is not null;

    /// <param name="due">When the next attempt is due, UTC; null while no daemon has said.</param>
    public void WaitUntil(DateTime? due) => _waiting = new Waiting(due);

    public void StopWaiting() => _waiting = null;

    public LiveMessage Status() => _waiting is { } waiting
        ? _session.Status with { State = SessionState.Backoff.Word(), NextAttemptAt = waiting.Due is { } due ? Timestamp.Of(due) : null, WaitingFor = "daemon" }
        : _session.Status;

    public void Handle(LiveMessage request, Action<LiveMessage> answer)
    {
        bool isDaemon = string.Equals(request.Role, LiveProtocol.DaemonRole, StringComparison.Ordinal) && request.Epoch >= _epoch;
        bool needsDaemon = request.Type is LiveMessageType.Start or LiveMessageType.Close or LiveMessageType.Backoff or LiveMessageType.Note || request.Then is not null;
        if (needsDaemon && !isDaemon)
        {
            answer(LiveAnswer.Error(ErrorCode.Superseded, "only the daemon with the highest epoch may do that"));
            return;
        }

        switch (request.Type)
        {
            case LiveMessageType.Signal when SignalName.TryParse(request.Signal, out _):
            case LiveMessageType.Stop when (request.Signal is null || SignalName.TryParse(request.Signal, out _))
                && request.GraceMs is null or (>= 0 and <= MaxGraceMilliseconds) && request.Then is null or > 0:
            case LiveMessageType.Start when request.Attempt is > 0:
            case LiveMessageType.Backoff when request is { Attempt: > 0, DueMs: >= 0 and <= MaxDueMilliseconds }:
            case LiveMessageType.Close:
            case LiveMessageType.Note when SilenceNote.TypeOf(request) is not null:
                _requests.Enqueue(new KeeperRequest(request, answer));
                Wake.Set();
                break;
            case LiveMessageType.Rename when SessionName.TryParse(request.Name, out SessionName name):
                _session.Rename(name, answer);
                break;
            case LiveMessageType.Input or LiveMessageType.Resize:
                answer(LiveAnswer.Error(ErrorCode.SessionReadOnly, "nobody can type into a supervised session, or resize it"));
                break;
            default:
                answer(LiveAnswer.Error(ErrorCode.InvalidArgument, $"a {request.Type} without what it needs, or with a value that is not valid"));
                break;
        }
    }

    public bool TryTake(out KeeperRequest? request)
    {
        Wake.Clear();
        return _requests.TryDequeue(out request);
    }

    public void Dispose() => Wake.Dispose();

    private sealed record Waiting(DateTime? Due);
}
