using System.Threading.Channels;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>What goes wrong with one append.</summary>
internal enum AppendFault
{
    None,

    /// <summary>Nothing is written.</summary>
    Fail,

    /// <summary>Nothing is written, and nobody knows.</summary>
    LoseAndSayUnknown,

    /// <summary>It is written, and nobody knows.</summary>
    CommitAndSayUnknown,

    /// <summary>It is written, and the answer never comes.</summary>
    CommitAndHang,

    /// <summary>Nothing is written, and the answer never comes.</summary>
    Hang,

    /// <summary>It waits until <see cref="FaultyJournal.Release"/>, and then is written.</summary>
    Hold,

    /// <summary>It waits until <see cref="FaultyJournal.ReleaseFailures"/>, and then fails.</summary>
    HoldAndFail,

    /// <summary>The journal itself throws.</summary>
    Throw,
}

/// <summary>A journal that fails as a test wants, in front of another one.</summary>
internal sealed class FaultyJournal(IEventJournal inner) : IEventJournal
{
    private readonly Channel<JournalAppend> _seen = Channel.CreateUnbounded<JournalAppend>();
    private readonly Queue<AppendFault> _faults = new();
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _releaseFailures = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _replaying;
    private int _mostReplaying;

    /// <summary>What all appends do when no fault is queued.</summary>
    public AppendFault Always { get; set; }

    /// <summary>While set, replays wait for <see cref="Release"/>.</summary>
    public bool HoldReplays { get; set; }

    /// <summary>While set, replays fail.</summary>
    public bool FailReplays { get; set; }

    /// <summary>The most replays there ever were at once.</summary>
    public int MostReplaying => Volatile.Read(ref _mostReplaying);

    public int ReplayingNow => Volatile.Read(ref _replaying);

    /// <summary>How many appends were asked for.</summary>
    public int Appends { get; private set; }

    public void Next(params AppendFault[] faults)
    {
        lock (_faults)
        {
            foreach (AppendFault fault in faults)
            {
                _faults.Enqueue(fault);
            }
        }
    }

    /// <summary>The next append that arrives here, and did not before.</summary>
    public async Task<JournalAppend> SeenAsync()
    {
        using CancellationTokenSource deadline = new(Probe.Deadline);
        return await _seen.Reader.ReadAsync(deadline.Token);
    }

    /// <summary>Lets go on what is held.</summary>
    public void Release() =>
        Interlocked.Exchange(ref _release, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <summary>Lets fail what is held for that.</summary>
    public void ReleaseFailures() => _releaseFailures.SetResult();

    public async Task<AppendResult> AppendAsync(JournalAppend append)
    {
        AppendFault fault;
        Task release = _release.Task;
        lock (_faults)
        {
            Appends++;
            fault = _faults.TryDequeue(out AppendFault next) ? next : Always;
        }

        if (fault is AppendFault.CommitAndHang or AppendFault.CommitAndSayUnknown)
        {
            await inner.AppendAsync(append);
        }

        _seen.Writer.TryWrite(append);
        switch (fault)
        {
            case AppendFault.Fail:
                return new AppendResult(JournalStatus.Failed, "the disk is full");
            case AppendFault.LoseAndSayUnknown or AppendFault.CommitAndSayUnknown:
                return new AppendResult(JournalStatus.Unknown, "a sync failed");
            case AppendFault.Hang or AppendFault.CommitAndHang:
                await Task.Delay(Timeout.Infinite);
                break;
            case AppendFault.HoldAndFail:
                await _releaseFailures.Task;
                return new AppendResult(JournalStatus.Failed, "the disk is full");
            case AppendFault.Throw:
                throw new IOException("thrown");
            case AppendFault.Hold:
                await release;
                break;
        }

        return await inner.AppendAsync(append);
    }

    public async Task<JournalRead<ReplayPage>> ReplayAsync(string persistenceId, long fromSequenceNumber, int limit)
    {
        Task release = _release.Task;
        int now = Interlocked.Increment(ref _replaying);
        int most;
        while (now > (most = _mostReplaying) && Interlocked.CompareExchange(ref _mostReplaying, now, most) != most)
        {
        }

        try
        {
            if (HoldReplays)
            {
                await release;
            }

            return FailReplays
                ? JournalRead.Failed<ReplayPage>("the journal is damaged")
                : await inner.ReplayAsync(persistenceId, fromSequenceNumber, limit);
        }
        finally
        {
            Interlocked.Decrement(ref _replaying);
        }
    }

    public Task<JournalRead<long>> HighestSequenceNumberAsync(string persistenceId) => inner.HighestSequenceNumberAsync(persistenceId);

    public Task<JournalOutcome> SaveSnapshotAsync(JournalSnapshot snapshot) => inner.SaveSnapshotAsync(snapshot);

    public Task<JournalRead<JournalSnapshot?>> LoadSnapshotAsync(string persistenceId) => inner.LoadSnapshotAsync(persistenceId);

    public Task<JournalOutcome> DeleteSnapshotsAsync(string persistenceId, long toSequenceNumber) =>
        inner.DeleteSnapshotsAsync(persistenceId, toSequenceNumber);

    public Task<JournalOutcome> DeleteEventsAsync(string persistenceId, long toSequenceNumber) => inner.DeleteEventsAsync(persistenceId, toSequenceNumber);

    public Task<JournalOutcome> ForgetAsync(IReadOnlyList<string> persistenceIds, IReadOnlyList<ProjectionChange> projections) =>
        inner.ForgetAsync(persistenceIds, projections);

    public Task<JournalRead<FeedPage>> ReadFeedAsync(long afterOrdering, int limit) => inner.ReadFeedAsync(afterOrdering, limit);

    public Task<JournalRead<IReadOnlyList<ProjectionRow>>> ReadProjectionAsync(string projection) => inner.ReadProjectionAsync(projection);

    public Task<JournalRead<string?>> ReadMetaAsync(string key) => inner.ReadMetaAsync(key);

    public Task<JournalOutcome> WriteMetaAsync(string key, string value) => inner.WriteMetaAsync(key, value);

    public Task<JournalRead<string>> ReadOrAddMetaAsync(string key, string value) => inner.ReadOrAddMetaAsync(key, value);

    public Task<JournalRead<long>> RaiseCounterAsync(string key, long atLeast) => inner.RaiseCounterAsync(key, atLeast);

    public IDisposable Watch(Action<long> committed) => inner.Watch(committed);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
