using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>Waits for something in a session: told by its owner, not by looking again and again.</summary>
public static class SessionWait
{
    /// <param name="files">The session; stays the caller's.</param>
    /// <param name="condition">What to wait for.</param>
    /// <param name="timeout">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the wait early.</param>
    public static WaitResult Run(
        SessionFiles files, IWaitCondition condition, TimeSpan timeout, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(time);
        long started = Stopwatch.GetTimestamp();
        SessionStatus status = Look();
        if (condition.IsMet(status, Now(time)))
        {
            return new WaitResult(WaitEnd.Met, condition.Reason, status);
        }

        using WakeEvent cancelled = new();
        using CancellationTokenRegistration registration = cancellation.Register(cancelled.Set);
        using SessionWatch? watch = status.State.IsLive() ? new SessionWatch(files) : null;
        while (true)
        {
            if (files.IsDeleted)
            {
                return new WaitResult(WaitEnd.Ended, "deleted", status);
            }

            // The state first, then the rest: what came before the end was seen counts. With an owner that tells of its end by closing the
            // connection, output alone is looked at: dozens may wait for the same line.
            bool told = watch is { IsLive: true } && !condition.NeedsStatus;
            status = told ? status : Look();
            if (condition.IsMet(status, Now(time)))
            {
                return new WaitResult(WaitEnd.Met, condition.Reason, told ? Look() : status);
            }

            if (!told && (!status.State.IsLive() || watch is null))
            {
                string how = files.IsDeleted ? "deleted" : status.State == SessionState.Lost ? "lost" : "ended";
                return new WaitResult(WaitEnd.Ended, how, status);
            }

            if (cancellation.IsCancellationRequested)
            {
                return new WaitResult(WaitEnd.Cancelled, "cancelled", Look());
            }

            TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return new WaitResult(WaitEnd.TimedOut, "timeout", Look());
            }

            TimeSpan wait = condition.LookAgain is { } soon && soon < left ? soon : left;
            SessionWatch.WaitAny([watch!], wait == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : wait, cancelled);
        }

        SessionStatus Look() => SessionStatus.Of(files, Now(time));
    }

    private static DateTime Now(TimeProvider time) => time.GetUtcNow().UtcDateTime;
}
