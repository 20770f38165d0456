using Supervisor.Protocol;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Ownership;

/// <summary>What final.json says, from how the last attempt went.</summary>
internal static class SessionEnding
{
    /// <param name="meta">The session.</param>
    /// <param name="last">Its last attempt, ended.</param>
    /// <param name="state">exited, signaled, failed or lost.</param>
    /// <param name="stopped">Whether a person stopped it.</param>
    /// <param name="survivors">Processes of the session that live on.</param>
    /// <param name="lived">How long it lived, where its owner knows from its start to its end: clocks can be set. Null: by the clock.</param>
    public static SessionFinal Final(
        SessionMeta meta, AttemptRecord last, SessionState state, bool stopped, IReadOnlyList<Survivor> survivors, TimeSpan? lived = null)
    {
        DateTime endedAt = last.EndedAt ?? last.ClaimedAt;
        return new SessionFinal
        {
            Id = meta.Id,
            Attempt = last.Attempt,
            State = state.Word(),
            EndReason = state switch
            {
                SessionState.Failed => "start-failed",
                SessionState.Lost => "owner-lost",
                _ when stopped => "user-stop",
                _ => "exit",
            },
            EndedAt = endedAt,
            ExitCode = last.ExitCode,
            Signal = last.Signal,
            DurationSeconds = Math.Max(0, (lived ?? endedAt - meta.StartedAt).TotalSeconds),
            OutputBytes = last.EndCursor ?? 0,
            Error = last.Error,
            Survivors = survivors,
        };
    }
}
