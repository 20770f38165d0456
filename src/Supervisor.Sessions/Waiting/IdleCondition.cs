using Supervisor.Protocol;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>A live session that has printed nothing for a time.</summary>
/// <param name="silence">How long; more than zero.</param>
public sealed class IdleCondition(TimeSpan silence) : IWaitCondition
{
    /// <summary>After a wake-up that came a little early by the wall clock.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);

    public string Reason => "idle";

    public TimeSpan? LookAgain { get; private set; } = silence;

    public bool NeedsStatus => true;

    public long? Cursor => null;

    public long? NextCursor { get; private set; }

    public string? Line => null;

    public bool IsMet(SessionStatus status, DateTime now)
    {
        TimeSpan left = silence - (now - (status.LastActive ?? status.StartedAt));
        LookAgain = left > Soonest ? left : Soonest;
        NextCursor = status.OutputBytes;
        return status.State.IsLive() && status.State != SessionState.Starting && left <= TimeSpan.Zero;
    }
}
