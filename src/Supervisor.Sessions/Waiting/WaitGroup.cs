using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>
/// The waits in one session, any number at once, with one connection to its owner and one thread: each piece of news is told
/// and read once for all of them.
/// </summary>
/// <param name="files">The session; stays the caller's.</param>
/// <param name="time">The clock.</param>
internal sealed class WaitGroup(SessionFiles files, TimeProvider time) : IDisposable
{
    private readonly Lock _changing = new();
    private readonly List<PendingWait> _added = [];
    private readonly List<PendingWait> _waits = [];
    private readonly WakeEvent _wake = new();
    private SessionStatus? _status;
    private bool _isOver;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Adds a wait. False: the group is over, or one of another session that had the same id.</summary>
    public bool TryAdd(PendingWait wait, SessionFiles session)
    {
        if (!session.IsSameFolder(files))
        {
            return false;
        }

        wait.WhenCancelled(Wake);
        lock (_changing)
        {
            if (_isOver)
            {
                return false;
            }

            _added.Add(wait);
            _wake.Set();
        }

        return true;
    }

    /// <summary>Returns when no wait is left; then the group is over.</summary>
    public void Run()
    {
        try
        {
            using SessionWatch watch = new(files);
            while (Take())
            {
                Look(told: watch.IsLive);
                TimeSpan sleep = _waits.Count == 0 ? TimeSpan.Zero : _waits.Min(static w => w.Sleep);
                SessionWatch.WaitAny([watch], sleep == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : sleep, _wake);
            }
        }
        catch (Exception e)
        {
            Dispose();
            _waits.Concat(_added).ToList().ForEach(w => w.Fail(e));
        }
    }

    /// <summary>Takes what was added. False, and the group is over, when there is nothing to wait for.</summary>
    private bool Take()
    {
        lock (_changing)
        {
            _waits.AddRange(_added);
            _added.Clear();
            _wake.Clear();
            if (_waits.Count == 0)
            {
                Dispose();
            }
        }

        return !_isOver;
    }

    private void Look(bool told)
    {
        _status = null;
        if (files.IsDeleted)
        {
            _waits.ForEach(static w => w.Deleted());
            _waits.Clear();
        }

        _waits.RemoveAll(w => IsOver(w, told));
    }

    private bool IsOver(PendingWait wait, bool told)
    {
        try
        {
            return wait.IsOver(files, () => _status ??= SessionStatus.Of(files, Now), told, Now);
        }
        catch (Exception e)
        {
            // What one waits for cannot be read; the others may.
            wait.Fail(e);
            return true;
        }
    }

    private void Wake()
    {
        lock (_changing)
        {
            if (!_isOver)
            {
                _wake.Set();
            }
        }
    }

    public void Dispose()
    {
        lock (_changing)
        {
            if (!_isOver)
            {
                _isOver = true;
                _wake.Dispose();
            }
        }
    }
}
