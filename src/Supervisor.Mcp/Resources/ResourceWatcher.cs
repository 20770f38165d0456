using Supervisor.Mcp.Scope;
using Supervisor.Protocol;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Resources;

/// <summary>Watches one resource, on a thread of its own, and tells when it changed: at most so often, and never a change too few.</summary>
internal sealed class ResourceWatcher : IDisposable
{
    /// <summary>Between two notifications; a program that prints a lot is not told of byte by byte.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How soon a new session is in the list. One that ends is known at once.</summary>
    private static readonly TimeSpan ListInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly WakeEvent _wake = new();
    private readonly VisibleSessions _sessions;
    private readonly Action _changed;
    private readonly Thread _thread;

    /// <param name="sessions">The sessions.</param>
    /// <param name="status">The session it is about; null for the list.</param>
    /// <param name="changed">Called on the watcher's thread.</param>
    public ResourceWatcher(VisibleSessions sessions, SessionStatus? status, Action changed)
    {
        (_sessions, _changed) = (sessions, changed);

        // What changes from now on is told, however long the thread takes to start.
        string list = status is null ? ListDigest(out _) : "";
        (long Length, SessionState State) session = status is null ? default : (status.OutputBytes, status.State);
        _thread = SmallThread.Start("resource", () =>
        {
            try
            {
                if (status is null)
                {
                    WatchList(list);
                }
                else
                {
                    WatchSession(status.Id, session);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Nobody listens any more.
            }
        });
    }

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private void WatchSession(SessionId id, (long Length, SessionState State) seen)
    {
        using SessionFiles? files = SessionFiles.Open(_sessions.Root, id);
        if (files is null)
        {
            return;
        }

        using SessionWatch watch = new(files);
        while (!_stop.IsCancellationRequested && seen.State.IsLive())
        {
            (long Length, SessionState State) now = Look(files);
            if (now == seen)
            {
                SessionWatch.WaitAny([watch], Timeout.InfiniteTimeSpan, _wake);
                continue;
            }

            seen = now;
            _changed();
            _stop.Token.WaitHandle.WaitOne(Pause);
        }
    }

    private static (long Length, SessionState State) Look(SessionFiles files)
    {
        SessionStatus status = SessionStatus.Of(files, Now);
        return (status.OutputBytes, status.State);
    }

    private void WatchList(string seen)
    {
        while (!_stop.IsCancellationRequested)
        {
            string now = ListDigest(out List<SessionStatus> live);
            if (string.Equals(now, seen, StringComparison.Ordinal))
            {
                Wait(live);
                continue;
            }

            seen = now;
            _changed();
            _stop.Token.WaitHandle.WaitOne(Pause);
        }
    }

    /// <summary>Until a live session ends or prints, or it is time to look for new ones.</summary>
    private void Wait(List<SessionStatus> live)
    {
        List<SessionFiles> files = [.. live.Select(s => SessionFiles.Open(_sessions.Root, s.Id)).OfType<SessionFiles>()];
        List<SessionWatch> watches = [.. files.Select(f => new SessionWatch(f))];
        SessionWatch.WaitAny(watches, ListInterval, _wake);
        watches.ForEach(w => w.Dispose());
        files.ForEach(f => f.Dispose());
    }

    private string ListDigest(out List<SessionStatus> live)
    {
        IReadOnlyList<SessionStatus> all = _sessions.All().Sessions;
        live = [.. all.Where(s => s.State.IsLive())];
        return string.Join(' ', all.Select(s => $"{s.Id}:{s.State.Word()}:{s.Meta?.Name}"));
    }

    /// <summary>Ends it; no notification follows.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _wake.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _wake.Dispose();
        _stop.Dispose();
    }
}
