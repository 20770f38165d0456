using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Ownership;

/// <summary>What final.json says, from how the last attempt went.</summary>
internal static class SessionEnding
{
    /// <summary>The <c>end_reason</c> of what a person stopped.</summary>
    public const string UserStop = "user-stop";

    /// <summary>What an ended attempt makes of its session.</summary>
    /// <param name="last">The last one; null when there was none.</param>
    public static SessionState StateOf(AttemptRecord? last) => last switch
    {
        null or { Pid: null } => SessionState.Failed,
        { ExitCode: not null } => SessionState.Exited,
        { Signal: not null } => SessionState.Signaled,
        _ => SessionState.Lost,
    };

    /// <param name="meta">The session.</param>
    /// <param name="last">Its last attempt, ended.</param>
    /// <param name="state">exited, signaled, failed or lost.</param>
    /// <param name="reason">Why no further attempt follows; null: what follows from the state.</param>
    /// <param name="survivors">Processes of the session that live on.</param>
    /// <param name="lived">How long it lived, where its owner knows from its start to its end: clocks can be set. Null: by the clock.</param>
    public static SessionFinal Final(
        SessionMeta meta, AttemptRecord last, SessionState state, string? reason, IReadOnlyList<Survivor> survivors, TimeSpan? lived = null)
    {
        DateTime endedAt = last.EndedAt ?? last.ClaimedAt;
        return new SessionFinal
        {
            Id = meta.Id,
            Attempt = last.Attempt,
            State = state.Word(),
            EndReason = reason ?? state switch
            {
                SessionState.Failed => "start-failed",
                SessionState.Lost => "owner-lost",
                _ => "exit",
            },
            EndedAt = endedAt,
            ExitCode = last.ExitCode,
            Signal = last.Signal,
            DurationSeconds = Math.Max(0, (lived ?? endedAt - meta.StartedAt).TotalSeconds),
            OutputBytes = last.EndCursor ?? 0,
            Error = last.Error,
            BootId = ProcessIdentity.BootId,
            Survivors = survivors,
        };
    }
}
