using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// What is missing in a transcript. While nothing can be written, no file can tell so: then the owner does.
/// </summary>
public static class LiveGaps
{
    /// <summary>What an owner may cost somebody who lists sessions.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Null when nothing is missing, as far as the files and the owner know.</summary>
    public static RecordingGaps? Of(SessionFiles files, SessionStatus status)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(status);
        RecordingGaps? stored = RecordingGaps.Of(files);
        if (!status.State.IsLive() || status.State == SessionState.Starting || status.IsOwnerStopped)
        {
            return stored;
        }

        using LiveConnection? owner = Open(files);
        LiveMessage? answer = owner?.Ask(new LiveMessage { Type = LiveMessageType.Status }, AnswerTime);

        // The owner knows of a gap before its file does.
        long known = stored?.Bytes ?? 0;
        long lost = Math.Max(known, answer?.LostBytes ?? 0);
        return answer?.Problem is null && lost == known ? stored : new RecordingGaps((stored?.Count ?? 0) + 1, lost, answer?.Problem ?? stored?.Reason);
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
