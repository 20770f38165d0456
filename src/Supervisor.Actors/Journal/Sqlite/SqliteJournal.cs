using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Supervisor.Protocol.Errors;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>
/// The journal in one SQLite file, for one machine. One thread owns the file; it is asked through a queue, and answers after the commit, which is on
/// the disk (WAL, <c>synchronous=FULL</c>).
/// </summary>
public sealed class SqliteJournal : IEventJournal
{
    private readonly SqliteWriter _writer;
    private readonly SqliteJournalOptions _options;
    private readonly Lock _watchersLock = new();
    private ImmutableArray<Watcher> _watchers = [];

    private SqliteJournal(SqliteConnection connection, SqliteJournalOptions options)
    {
        _options = options;
        _writer = new SqliteWriter(new SqliteSession(connection, options), options, OnCommitted);
    }

    /// <summary>Opens the journal, and makes it when there is none.</summary>
    /// <exception cref="SupException">
    /// It is damaged, of a newer version, of another program, no database, or open to others, and was not touched; or it cannot be opened.
    /// </exception>
    public static Task<SqliteJournal> OpenAsync(SqliteJournalOptions options) => Task.Run(() =>
    {
        try
        {
            return new SqliteJournal(SqliteFile.Open(options), options);
        }
        catch (SqliteException e)
        {
            throw Unusable(options, SqliteFailure.Explain(e), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(options, "the file cannot be opened", e);
        }
    });

    /// <summary>What the journal takes on the disk, in bytes.</summary>
    public long SizeInBytes
    {
        get
        {
            long size = 0;
            foreach (string end in (ReadOnlySpan<string>)["", "-wal"])
            {
                FileInfo file = new(_options.Path + end);
                size += file.Exists ? file.Length : 0;
            }

            return size;
        }
    }

    /// <inheritdoc/>
    public Task<AppendResult> AppendAsync(JournalAppend append)
    {
        if (append.PersistenceId.Length == 0 || append.Events.Count == 0)
        {
            throw new ArgumentException("an append has a persistence id and events", nameof(append));
        }

        for (int i = 0; i < append.Events.Count; i++)
        {
            if (append.Events[i].SequenceNumber != Math.Max(1, append.Events[0].SequenceNumber) + i)
            {
                throw new ArgumentException("sequence numbers start at 1 and have no gaps", nameof(append));
            }
        }

        return Ask(true, session => SqliteAppend.Run(session, append), (status, reason) => new AppendResult(status, reason));
    }

    /// <inheritdoc/>
    public Task<JournalRead<ReplayPage>> ReplayAsync(string persistenceId, long fromSequenceNumber, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return Read(session => SqliteReading.Replay(session, persistenceId, fromSequenceNumber, limit));
    }

    /// <inheritdoc/>
    public Task<JournalRead<long>> HighestSequenceNumberAsync(string persistenceId) => Read(session => SqliteAppend.Highest(session, persistenceId));

    /// <inheritdoc/>
    public Task<JournalOutcome> SaveSnapshotAsync(JournalSnapshot snapshot) => Write(session => session.Run(
        "INSERT OR REPLACE INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) VALUES ($1, $2, $3, $4, $5, $6)",
        snapshot.PersistenceId,
        snapshot.SequenceNumber,
        _options.Time.GetUtcNow().UtcTicks,
        SqliteAppend.Bytes(snapshot.Payload),
        snapshot.Manifest,
        SqliteAppend.SerializerId));

    /// <inheritdoc/>
    public Task<JournalRead<JournalSnapshot?>> LoadSnapshotAsync(string persistenceId) =>
        Read(session => SqliteReading.Snapshot(session, persistenceId));

    /// <inheritdoc/>
    public Task<JournalOutcome> DeleteSnapshotsAsync(string persistenceId, long toSequenceNumber) => Write(session =>
        session.Run("DELETE FROM snapshot WHERE persistence_id = $1 AND sequence_number <= $2", persistenceId, toSequenceNumber));

    /// <inheritdoc/>
    public Task<JournalOutcome> DeleteEventsAsync(string persistenceId, long toSequenceNumber) =>
        Write(session => SqliteDeleting.Events(session, persistenceId, toSequenceNumber));

    /// <inheritdoc/>
    public Task<JournalOutcome> ForgetAsync(IReadOnlyList<string> persistenceIds, IReadOnlyList<ProjectionChange> projections) => Ask(
        true,
        session =>
        {
            if (projections.FirstOrDefault(change => !session.HasProjection(change.Projection)) is { } unknown)
            {
                return new JournalOutcome(JournalStatus.Failed, $"there is no projection {unknown.Projection}");
            }

            SqliteDeleting.Forget(session, persistenceIds);
            SqliteAppend.Project(session, projections);
            return JournalOutcome.Written;
        },
        (status, reason) => new JournalOutcome(status, reason));

    /// <inheritdoc/>
    public Task<JournalRead<FeedPage>> ReadFeedAsync(long afterOrdering, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return Read(session => SqliteReading.Feed(session, afterOrdering, limit));
    }

    /// <inheritdoc/>
    public Task<JournalRead<IReadOnlyList<ProjectionRow>>> ReadProjectionAsync(string projection) =>
        _options.Projections.Contains(projection, StringComparer.Ordinal)
            ? Read(session => SqliteReading.Projection(session, projection))
            : Task.FromResult(JournalRead.Failed<IReadOnlyList<ProjectionRow>>($"there is no projection {projection}"));

    /// <inheritdoc/>
    public Task<JournalRead<string?>> ReadMetaAsync(string key) => Read(session => SqliteReading.Meta(session, key));

    /// <inheritdoc/>
    public Task<JournalOutcome> WriteMetaAsync(string key, string value) => Write(session => SqliteDeleting.SetMeta(session, key, value));

    /// <inheritdoc/>
    public Task<JournalRead<string>> ReadOrAddMetaAsync(string key, string value) => Change(session =>
    {
        session.Run("INSERT INTO sup_meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING", key, value);
        return SqliteReading.Meta(session, key)!;
    });

    /// <inheritdoc/>
    public Task<JournalRead<long>> RaiseCounterAsync(string key, long atLeast) => Change(session =>
    {
        long raised = Math.Max(session.Number("SELECT CAST(value AS INTEGER) FROM sup_meta WHERE key = $1", key) + 1, atLeast);
        SqliteDeleting.SetMeta(session, key, raised.ToString(CultureInfo.InvariantCulture));
        return raised;
    });

    /// <inheritdoc/>
    public IDisposable Watch(Action<long> committed)
    {
        Watcher watcher = new(this, committed);
        lock (_watchersLock)
        {
            _watchers = _watchers.Add(watcher);
        }

        return watcher;
    }

    /// <summary>Writes what waits, and closes the file. What is asked for afterwards fails.</summary>
    public async ValueTask DisposeAsync() => await _writer.CloseAsync().ConfigureAwait(false);

    private static SupException Unusable(SqliteJournalOptions options, string why, Exception inner) =>
        new(ErrorCode.Internal, ExitCode.Failure, $"journal {options.Path}: {why}", null, inner);

    private Task<T> Ask<T>(bool writes, Func<SqliteSession, T> run, Func<JournalStatus, string, T> failed)
    {
        SqliteOperation<T> operation = new(writes, run, failed);
        _writer.Enqueue(operation);
        return operation.Task;
    }

    private Task<JournalRead<T>> Read<T>(Func<SqliteSession, T> read) =>
        Ask(false, session => JournalRead.Of(read(session)), (_, reason) => JournalRead.Failed<T>(reason));

    private Task<JournalRead<T>> Change<T>(Func<SqliteSession, T> change) =>
        Ask(true, session => JournalRead.Of(change(session)), (_, reason) => JournalRead.Failed<T>(reason));

    private Task<JournalOutcome> Write(Action<SqliteSession> write) => Ask(
        true,
        session =>
        {
            write(session);
            return JournalOutcome.Written;
        },
        (status, reason) => new JournalOutcome(status, reason));

    private void OnCommitted(long ordering)
    {
        foreach (Watcher watcher in _watchers)
        {
            watcher.Committed(ordering);
        }
    }

    private sealed class Watcher(SqliteJournal journal, Action<long> committed) : IDisposable
    {
        public Action<long> Committed { get; } = committed;

        public void Dispose()
        {
            lock (journal._watchersLock)
            {
                journal._watchers = journal._watchers.Remove(this);
            }
        }
    }
}
