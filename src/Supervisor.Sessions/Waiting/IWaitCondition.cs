using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>What one waits for in a session. Used by one thread.</summary>
public interface IWaitCondition
{
    /// <summary>What <see cref="WaitResult.Reason"/> says when it is met.</summary>
    string Reason { get; }

    /// <summary>
    /// How soon to look again though nothing announces a change; null when each change is announced. Asked after
    /// <see cref="IsMet"/> said no.
    /// </summary>
    TimeSpan? LookAgain { get; }

    /// <summary>
    /// Whether it is about more than output: then the session's files are read anew before each look. Else a status from before will do
    /// as long as the owner tells of each change.
    /// </summary>
    bool NeedsStatus { get; }

    /// <summary>Looks.</summary>
    /// <param name="status">The session as it was just before.</param>
    /// <param name="now">The present, UTC.</param>
    bool IsMet(SessionStatus status, DateTime now);

    /// <summary>Where the line begins that met it; null when it is not about output.</summary>
    long? Cursor { get; }

    /// <summary>Behind what was looked at: where to go on.</summary>
    long? NextCursor { get; }

    /// <summary>The line that met it, as plain text.</summary>
    string? Line { get; }
}
