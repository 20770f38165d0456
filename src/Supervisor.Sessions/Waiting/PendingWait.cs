using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>One wait in a session, from its first look to its result.</summary>
internal sealed class PendingWait
{
    // Whoever goes on with the result does so on a thread of its own: others wait for the one that found it.
    private readonly TaskCompletionSource<WaitResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly IWaitCondition _condition;
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _cancellation;
    private SessionStatus _status;
    private CancellationTokenRegistration _registration;

    /// <param name="condition">What is waited for.</param>
    /// <param name="status">The session as it was just read.</param>
    /// <param name="timeout">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellation">Ends the wait early.</param>
    public PendingWait(IWaitCondition condition, SessionStatus status, TimeSpan timeout, CancellationToken cancellation) =>
        (_condition, _status, _timeout, _cancellation) = (condition, status, timeout, cancellation);

    public Task<WaitResult> Task => _done.Task;

    /// <summary>How long it may sleep before the next look, if nothing is heard; <see cref="TimeSpan.MaxValue"/> for ever.</summary>
    public TimeSpan Sleep => _condition.LookAgain is { } soon && soon < Left ? soon : Left;

    private TimeSpan Left => _timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _timeout - Stopwatch.GetElapsedTime(_started);

    /// <summary>The first look, with the status it was made with. False: it has to be waited for.</summary>
    public bool IsOverAtOnce(SessionFiles files, DateTime now)
    {
        if (_condition.IsMet(_status, now))
        {
            Complete(WaitEnd.Met, _condition.Reason, _status);
            return true;
        }

        return !_status.State.IsLive() && Ended(files, _status);
    }

    /// <summary>Looks again. False: it goes on.</summary>
    /// <param name="files">The session.</param>
    /// <param name="look">Reads its status, or gives what was read since the last news.</param>
    /// <param name="told">Whether the owner tells of each change, its end included: then output alone needs no status.</param>
    /// <param name="now">The present, UTC.</param>
    public bool IsOver(SessionFiles files, Func<SessionStatus> look, bool told, DateTime now)
    {
        // The state first, then the rest: what came before the end was seen counts.
        bool outputAlone = told && !_condition.NeedsStatus;
        _status = outputAlone ? _status : look();
        if (_condition.IsMet(_status, now))
        {
            return Complete(WaitEnd.Met, _condition.Reason, look());
        }

        return (!outputAlone && !_status.State.IsLive()) ? Ended(files, _status)
            : _cancellation.IsCancellationRequested ? Complete(WaitEnd.Cancelled, "cancelled", look())
            : Left <= TimeSpan.Zero && Complete(WaitEnd.TimedOut, "timeout", look());
    }

    /// <summary>The session's folder is gone.</summary>
    public void Deleted() => Complete(WaitEnd.Ended, "deleted", _status);

    public void Fail(Exception error)
    {
        _registration.Dispose();
        _done.TrySetException(error);
    }

    /// <summary>Calls <paramref name="wake"/> when the wait is given up.</summary>
    public void WhenCancelled(Action wake) => _registration = _cancellation.Register(wake);

    private bool Ended(SessionFiles files, SessionStatus last) => Complete(
        WaitEnd.Ended, files.IsDeleted ? "deleted" : last.State == SessionState.Lost ? "lost" : "ended", last);

    private bool Complete(WaitEnd end, string reason, SessionStatus last)
    {
        _registration.Dispose();
        _done.TrySetResult(new WaitResult(end, reason, last));
        return true;
    }
}
