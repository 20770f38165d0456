using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>Waits for something in a session: told by its owner, not by looking again and again.</summary>
public static class SessionWait
{
    /// <param name="files">The session; stays the caller's.</param>
    /// <param name="condition">What to wait for.</param>
    /// <param name="timeout">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="time">The clock.</param>
    public static WaitResult Run(SessionFiles files, IWaitCondition condition, TimeSpan timeout, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(time);
        DateTime now = time.GetUtcNow().UtcDateTime;
        PendingWait wait = new(condition, SessionStatus.Of(files, now), timeout, CancellationToken.None);
        if (!wait.IsOverAtOnce(files, now))
        {
            using WaitGroup alone = new(files, time);
            alone.TryAdd(wait, files);
            alone.Run();
        }

        return wait.Task.GetAwaiter().GetResult();
    }
}
