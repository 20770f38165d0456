using System.Globalization;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>A journal in memory, by the same spec as the real ones.</summary>
internal sealed class MemoryJournal(params string[] projections) : IEventJournal
{
    private readonly Lock _lock = new();
    private readonly List<(JournalRow Row, string Writer)> _rows = [];
    private readonly Dictionary<string, long> _highest = [];
    private readonly Dictionary<(string Id, long Number), JournalSnapshot> _snapshots = [];
    private readonly Dictionary<string, SortedDictionary<string, string>> _projections =
        projections.ToDictionary(name => name, _ => new SortedDictionary<string, string>(StringComparer.Ordinal));
    private readonly Dictionary<string, string> _meta = [];
    private readonly List<Action<long>> _watchers = [];
    private long _ordering;
    private long _deletedThrough;
    private bool _closed;

    public Task<AppendResult> AppendAsync(JournalAppend append)
    {
        if (append.PersistenceId.Length == 0 || append.Events.Count == 0
            || append.Events.Where((one, i) => one.SequenceNumber != Math.Max(1, append.Events[0].SequenceNumber) + i).Any())
        {
            return Task.FromException<AppendResult>(new ArgumentException("sequence numbers start at 1 and have no gaps", nameof(append)));
        }

        lock (_lock)
        {
            AppendResult result = Append(append);
            if (result.IsWritten)
            {
                _watchers.ForEach(watcher => watcher(_ordering));
            }

            return Task.FromResult(result);
        }
    }

    public Task<JournalRead<ReplayPage>> ReplayAsync(string persistenceId, long fromSequenceNumber, int limit) => Read(() => new ReplayPage(
        [.. _rows.Select(row => row.Row).Where(row => row.PersistenceId == persistenceId && row.SequenceNumber >= fromSequenceNumber).Take(limit)],
        _highest.GetValueOrDefault(persistenceId)));

    public Task<JournalRead<long>> HighestSequenceNumberAsync(string persistenceId) => Read(() => _highest.GetValueOrDefault(persistenceId));

    public Task<JournalOutcome> SaveSnapshotAsync(JournalSnapshot snapshot) =>
        Write(() => _snapshots[(snapshot.PersistenceId, snapshot.SequenceNumber)] = snapshot with { Created = DateTimeOffset.UtcNow });

    public Task<JournalRead<JournalSnapshot?>> LoadSnapshotAsync(string persistenceId) =>
        Read(() => _snapshots.Values.Where(one => one.PersistenceId == persistenceId).MaxBy(one => one.SequenceNumber));

    public Task<JournalOutcome> DeleteSnapshotsAsync(string persistenceId, long toSequenceNumber) => Write(() =>
    {
        foreach ((string Id, long Number) key in _snapshots.Keys.Where(key => key.Id == persistenceId && key.Number <= toSequenceNumber).ToList())
        {
            _snapshots.Remove(key);
        }
    });

    public Task<JournalOutcome> DeleteEventsAsync(string persistenceId, long toSequenceNumber) =>
        Write(() => Delete(row => row.PersistenceId == persistenceId && row.SequenceNumber <= toSequenceNumber));

    public Task<JournalOutcome> ForgetAsync(IReadOnlyList<string> persistenceIds, IReadOnlyList<ProjectionChange> projections)
    {
        if (projections.Any(change => !_projections.ContainsKey(change.Projection)))
        {
            return Task.FromResult(new JournalOutcome(JournalStatus.Failed, "there is no such projection"));
        }

        return Write(() =>
        {
            Delete(row => persistenceIds.Contains(row.PersistenceId));
            foreach (string id in persistenceIds)
            {
                _highest.Remove(id);
                _snapshots.Keys.Where(key => key.Id == id).ToList().ForEach(key => _snapshots.Remove(key));
            }

            Project(projections);
        });
    }

    public Task<JournalRead<FeedPage>> ReadFeedAsync(long afterOrdering, int limit) => Read(() => new FeedPage(
        [.. _rows.Select(row => row.Row).Where(row => row.Ordering > afterOrdering).Take(limit)],
        _rows.Count == 0 ? 0 : _rows[0].Row.Ordering,
        _ordering,
        _deletedThrough));

    public Task<JournalRead<IReadOnlyList<ProjectionRow>>> ReadProjectionAsync(string projection) => _projections.TryGetValue(projection, out SortedDictionary<string, string>? rows)
        ? Read<IReadOnlyList<ProjectionRow>>(() => [.. rows.Select(row => new ProjectionRow(row.Key, row.Value))])
        : Task.FromResult(JournalRead.Failed<IReadOnlyList<ProjectionRow>>("there is no such projection"));

    public Task<JournalRead<string?>> ReadMetaAsync(string key) => Read(() => _meta.GetValueOrDefault(key));

    public Task<JournalOutcome> WriteMetaAsync(string key, string value) => Write(() => _meta[key] = value);

    public Task<JournalRead<string>> ReadOrAddMetaAsync(string key, string value) => Read(() => _meta.TryAdd(key, value) ? value : _meta[key]);

    public Task<JournalRead<long>> RaiseCounterAsync(string key, long atLeast) => Read(() =>
    {
        long raised = Math.Max(long.Parse(_meta.GetValueOrDefault(key, "0"), CultureInfo.InvariantCulture) + 1, atLeast);
        _meta[key] = raised.ToString(CultureInfo.InvariantCulture);
        return raised;
    });

    public IDisposable Watch(Action<long> committed)
    {
        lock (_lock)
        {
            _watchers.Add(committed);
        }

        return new Unwatch(this, committed);
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _closed = true;
        }

        return ValueTask.CompletedTask;
    }

    private AppendResult Append(JournalAppend append)
    {
        if (_closed || append.Projections.Any(change => !_projections.ContainsKey(change.Projection)))
        {
            return new AppendResult(JournalStatus.Failed, "closed, or there is no such projection");
        }

        long highest = _highest.GetValueOrDefault(append.PersistenceId);
        highest = Math.Max(highest, _snapshots.Keys.Where(key => key.Id == append.PersistenceId).Select(key => key.Number).DefaultIfEmpty().Max());
        if (append.Events[0].SequenceNumber != highest + 1)
        {
            List<(JournalRow Row, string Writer)> there = [.. append.Events.Select(one => _rows.Find(row =>
                row.Row.PersistenceId == append.PersistenceId && row.Row.SequenceNumber == one.SequenceNumber && row.Writer == append.WriterUuid
                && row.Row.Manifest == one.Manifest && row.Row.Payload.Span.SequenceEqual(one.Payload.Span)))];
            return there.TrueForAll(row => row.Row is not null)
                ? new AppendResult(JournalStatus.Written, null, there[^1].Row.Ordering)
                : new AppendResult(JournalStatus.Conflict, "written by another, differently, or too early");
        }

        foreach (JournalEvent one in append.Events)
        {
            JournalRow row = new(++_ordering, append.PersistenceId, one.SequenceNumber, one.Manifest, one.Payload, DateTimeOffset.UtcNow);
            _rows.Add((row, append.WriterUuid));
            _highest[append.PersistenceId] = one.SequenceNumber;
        }

        Project(append.Projections);
        return new AppendResult(JournalStatus.Written, null, _ordering);
    }

    private void Delete(Predicate<JournalRow> which)
    {
        foreach ((JournalRow row, _) in _rows.FindAll(row => which(row.Row)))
        {
            _deletedThrough = Math.Max(_deletedThrough, row.Ordering);
        }

        _rows.RemoveAll(row => which(row.Row));
    }

    private void Project(IReadOnlyList<ProjectionChange> changes)
    {
        foreach (ProjectionChange change in changes)
        {
            if (change.Json is { } json)
            {
                _projections[change.Projection][change.Id] = json;
            }
            else
            {
                _projections[change.Projection].Remove(change.Id);
            }
        }
    }

    private Task<JournalRead<T>> Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return Task.FromResult(_closed ? JournalRead.Failed<T>("the journal is closed") : JournalRead.Of(read()));
        }
    }

    private Task<JournalOutcome> Write(Action write)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return Task.FromResult(new JournalOutcome(JournalStatus.Failed, "the journal is closed"));
            }

            write();
            return Task.FromResult(JournalOutcome.Written);
        }
    }

    private sealed class Unwatch(MemoryJournal journal, Action<long> committed) : IDisposable
    {
        public void Dispose()
        {
            lock (journal._lock)
            {
                journal._watchers.Remove(committed);
            }
        }
    }
}
