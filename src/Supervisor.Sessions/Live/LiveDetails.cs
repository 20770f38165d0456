using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// What no file tells of a session, but its owner does: what is missing in the transcript while nothing can be written, and when the next
/// attempt is due.
/// </summary>
public static class LiveDetails
{
    /// <summary>What an owner may cost somebody who lists sessions.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(200);

    /// <summary>The same status with what the owner adds, as far as it answers.</summary>
    public static SessionStatus AddTo(SessionFiles files, SessionStatus status)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(status);
        status = status with { Gaps = RecordingGaps.Of(files) };
        if (!status.State.IsLive() || status.State == SessionState.Starting || status.IsOwnerStopped)
        {
            return status;
        }

        using LiveConnection? owner = Open(files);
        LiveMessage? answer = owner?.Ask(new LiveMessage { Type = LiveMessageType.Status }, AnswerTime);
        if (answer is null)
        {
            return status;
        }

        if (status.State == SessionState.Backoff)
        {
            DateTime? due = Timestamp.TryParse(answer.NextAttemptAt, out DateTime time) ? time : null;
            status = status with { NextAttemptAt = due, WaitingFor = answer.WaitingFor };
        }

        // The owner knows of a gap before its file does.
        long known = status.Gaps?.Bytes ?? 0;
        long lost = Math.Max(known, answer.LostBytes ?? 0);
        return answer.Problem is null && lost == known
            ? status
            : status with { Gaps = new RecordingGaps((status.Gaps?.Count ?? 0) + 1, lost, answer.Problem ?? status.Gaps?.Reason) };
    }

    /// <summary>Null also for an owner of another version: the files can be read all the same.</summary>
    private static LiveConnection? Open(SessionFiles files)
    {
        try
        {
            return LiveConnection.TryOpen(files, "viewer", AnswerTime);
        }
        catch (SupException e) when (e.Code is ErrorCode.VersionSkew)
        {
            return null;
        }
    }
}
