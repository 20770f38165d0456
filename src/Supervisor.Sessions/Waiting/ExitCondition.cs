using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>The end of the attempt that is the current one when the wait begins.</summary>
/// <param name="files">The session; stays the caller's.</param>
/// <param name="attempt">Its number.</param>
public sealed class ExitCondition(SessionFiles files, int attempt) : IWaitCondition
{
    public string Reason => "exit";

    public TimeSpan? LookAgain => null;

    public bool NeedsStatus => true;

    public long? Cursor => null;

    public long? NextCursor { get; private set; }

    public string? Line => null;

    /// <summary>The command's exit code; null when a signal ended it.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>The signal that ended it; null when none did.</summary>
    public string? Signal { get; private set; }

    public bool IsMet(SessionStatus status, DateTime now)
    {
        if (status.Final is { } final && final.Attempt <= attempt)
        {
            (ExitCode, Signal, NextCursor) = (final.ExitCode, final.Signal, final.OutputBytes);
            return status.State is SessionState.Exited or SessionState.Signaled;
        }

        // The session may go on with another attempt: then this one's record tells.
        AttemptRecord? record = files.ReadAttempt(attempt);
        if (record?.EndedAt is null || (record.ExitCode is null && record.Signal is null))
        {
            return false;
        }

        (ExitCode, Signal, NextCursor) = (record.ExitCode, record.Signal, record.EndCursor);
        return true;
    }
}
