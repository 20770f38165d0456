namespace Supervisor.Actors.Tests.Testing;

/// <summary>A clock that stands still until a test moves it; what is due on the way is done then, in order, on the test's thread.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _order;
    private TimeSpan _now;

    public DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the start.</summary>
    public TimeSpan Now
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => Start + Now;

    public override long GetTimestamp() => Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, () => callback(state), dueTime, period);

    /// <summary>Does this once, after this time; the result takes it back.</summary>
    public Action Schedule(TimeSpan delay, Action action)
    {
        Entry entry;
        lock (_lock)
        {
            entry = new Entry(_now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), _order++, delay, action);
            _entries.Add(entry);
            Changed();
        }

        return () =>
        {
            lock (_lock)
            {
                _entries.Remove(entry);
                Changed();
            }
        };
    }

    /// <summary>Moves the clock; what becomes due in between is done at its moment.</summary>
    public void Advance(TimeSpan by)
    {
        TimeSpan until = Now + by;
        while (true)
        {
            Entry? next;
            lock (_lock)
            {
                next = _entries.Where(entry => entry.Due <= until).MinBy(entry => (entry.Due, entry.Order));
                _now = next?.Due > _now ? next.Due : next is null ? until : _now;
                if (next is not null)
                {
                    _entries.Remove(next);
                }
            }

            if (next is null)
            {
                return;
            }

            next.Action();
        }
    }

    /// <summary>Waits until something was scheduled with exactly this delay and is still to come: an actor has reached that point.</summary>
    public async Task ScheduledAsync(TimeSpan delay)
    {
        using CancellationTokenSource deadline = new(Probe.Deadline);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_entries.Exists(entry => entry.Delay == delay))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(deadline.Token);
        }
    }

    /// <summary>Waits for what has this delay, and moves the clock until it is due.</summary>
    public async Task PassAsync(TimeSpan delay)
    {
        await ScheduledAsync(delay);
        Advance(delay);
    }

    /// <summary>How many things are still to come that were scheduled with this delay.</summary>
    public int CountScheduled(TimeSpan delay)
    {
        lock (_lock)
        {
            return _entries.Count(entry => entry.Delay == delay);
        }
    }

    private void Changed()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Entry(TimeSpan Due, long Order, TimeSpan Delay, Action Action);

    private sealed class Timer : ITimer
    {
        private readonly VirtualTime _time;
        private readonly Action _callback;
        private Action? _cancel;

        public Timer(VirtualTime time, Action callback, TimeSpan dueTime, TimeSpan period)
        {
            _time = time;
            _callback = callback;
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _cancel?.Invoke();
            _cancel = dueTime == Timeout.InfiniteTimeSpan ? null : _time.Schedule(dueTime, () => Fire(period));
            return true;
        }

        public void Dispose() => _cancel?.Invoke();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(TimeSpan period)
        {
            _callback();
            if (period > TimeSpan.Zero)
            {
                _cancel = _time.Schedule(period, () => Fire(period));
            }
        }
    }
}
