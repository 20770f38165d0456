using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>How a wait ended.</summary>
public enum WaitEnd
{
    /// <summary>What was waited for is there.</summary>
    Met,

    /// <summary>The session ended, or is lost or deleted, without it.</summary>
    Ended,

    /// <summary>The time ran out.</summary>
    TimedOut,

    /// <summary>Nobody waits any more.</summary>
    Cancelled,
}

/// <param name="End">How it ended.</param>
/// <param name="Reason">
/// <c>text</c>, <c>regex</c>, <c>exit</c>, <c>idle</c> or <c>port</c> when it was met; else <c>ended</c>, <c>lost</c>, <c>deleted</c>,
/// <c>timeout</c> or <c>cancelled</c>.
/// </param>
/// <param name="Status">The session as it was last seen.</param>
public sealed record WaitResult(WaitEnd End, string Reason, SessionStatus Status);
