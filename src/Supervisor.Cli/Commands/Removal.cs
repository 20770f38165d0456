using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Cli.Commands;

/// <summary>What <c>sup clean</c> and <c>sup rm</c> share: removing session after session, and telling what came of it.</summary>
internal sealed class Removal(StateRoot root, TimeProvider time)
{
    /// <summary>Why a session of another user is skipped.</summary>
    public const string NotOwned = "not_owned";

    private readonly SessionCleanup _cleanup = new(root, time);
    private readonly List<string> _removed = [];
    private readonly List<SkippedAnswer> _skipped = [];
    private readonly List<string> _left = [];
    private SupException? _failure;

    public IReadOnlyList<string> Removed => _removed;

    /// <summary>Bytes given back to the disk until now.</summary>
    public long FreedBytes { get; set; }

    /// <summary>Removes it, or notes why not.</summary>
    /// <param name="session">As it was found.</param>
    /// <param name="remember">Whether its line stays in the history.</param>
    public void Remove(SessionStatus session, bool remember)
    {
        string id = session.Id.Value;
        if (OwnSession.Current.Is(session.Id, session.Meta))
        {
            Skip(id, ErrorCode.OwnSession, "this command runs in it", "run it elsewhere", asked: !remember);
            return;
        }

        if (_cleanup.IsAnothers(session.Id))
        {
            Skip(id, NotOwned, "it belongs to another user", "its owner can remove it", asked: !remember);
            return;
        }

        CleanupReason reason = session.State.IsLive()
            ? CleanupReason.ActiveSession
            : _cleanup.Remove(session.Id, remember, out long freed) is var result && Free(freed) ? result : default;
        switch (reason)
        {
            case CleanupReason.Expired or CleanupReason.UnreadableExpired:
                _removed.Add(id);
                break;
            case CleanupReason.Gone:
                // Another cleaning was faster, and tells so. Whoever named this one sees it gone.
                if (!remember)
                {
                    _removed.Add(id);
                }

                break;
            case CleanupReason.ActiveSession:
                Skip(id, ErrorCode.SessionLive, "it is live", "only ended sessions can be removed", asked: !remember);
                break;
            default:
                Skip(id, Word(reason), _cleanup.Problem ?? "its folder cannot be moved", $"look at {session.Path}", asked: true);
                break;
        }
    }

    /// <summary>The line of one that had expired is gone too.</summary>
    public void Forgotten(SessionId id) => _removed.Add(id.Value);

    /// <summary>Says what was done, and ends with the first failure.</summary>
    /// <exception cref="SupException">Something asked for could not be removed.</exception>
    public int Tell(bool json, Func<string> text)
    {
        if (json)
        {
            CleanupAnswer answer = new(_removed, _skipped, FreedBytes, DryRun: false);
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, CleanupJson.Default.CleanupAnswer));
        }
        else
        {
            _left.ForEach(Talk.Write);
            if (text() is { Length: > 0 } said)
            {
                Data.Write(said);
            }
        }

        return _failure is null ? ExitCode.Success : throw _failure;
    }

    private bool Free(long bytes)
    {
        FreedBytes += bytes;
        return true;
    }

    private static string Word(CleanupReason reason) =>
        reason == CleanupReason.UnreadableStatError ? "unreadable_stat_error" : "remove_error";

    /// <param name="id">Which session.</param>
    /// <param name="reason">For programs.</param>
    /// <param name="why">For people.</param>
    /// <param name="hint">What they can do.</param>
    /// <param name="asked">Whether that is a failure; else it is only said.</param>
    private void Skip(string id, string reason, string why, string hint, bool asked)
    {
        _skipped.Add(new SkippedAnswer(id, reason));
        if (!asked)
        {
            _left.Add($"sup: left session {id}: {why}");
            return;
        }

        string code = reason is ErrorCode.OwnSession or ErrorCode.SessionLive ? reason : ErrorCode.Internal;
        _failure ??= new SupException(code, ExitCode.Failure, $"cannot remove session {id}: {why}", hint);
    }
}
