using Microsoft.Data.Sqlite;
using Supervisor.Protocol.Errors;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>
/// The one thread that uses the file, and its queue. Writes that wait are taken together into one transaction, each in a savepoint of its own, so
/// that one that fails takes none with it; they are answered after the commit. A read sees all writes asked for before it.
/// </summary>
internal sealed class SqliteWriter
{
    private readonly SqliteJournalOptions _options;
    private readonly Action<long> _committed;
    private readonly Queue<SqliteOperation> _queue = new();
    private readonly List<SqliteOperation> _batch = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteSession? _session;
    private bool _closing;

    public SqliteWriter(SqliteSession session, SqliteJournalOptions options, Action<long> committed)
    {
        _session = session;
        _options = options;
        _committed = committed;
        Thread thread = new(Work) { IsBackground = true, Name = "journal" };
        thread.Start();
    }

    public void Enqueue(SqliteOperation operation)
    {
        lock (_queue)
        {
            if (!_closing)
            {
                _queue.Enqueue(operation);
                Monitor.Pulse(_queue);
                return;
            }
        }

        operation.Fail(JournalStatus.Failed, "the journal is closed");
    }

    /// <summary>Does what waits, closes the file, and takes nothing more.</summary>
    public Task CloseAsync()
    {
        lock (_queue)
        {
            _closing = true;
            Monitor.Pulse(_queue);
        }

        return _ended.Task;
    }

    private void Work()
    {
        while (TakeBatch())
        {
            try
            {
                RunBatch(_batch);
            }
            catch (SqliteException e)
            {
                // Not even a rollback was possible.
                FailAll(_batch, JournalStatus.Unknown, SqliteFailure.Explain(e));
                DropSession();
            }
            catch (Exception e) when (e is SupException or IOException or UnauthorizedAccessException)
            {
                FailAll(_batch, JournalStatus.Failed, e.Message);
            }
#pragma warning disable CA1031 // A row of another type than its column's, say: the thread must go on, and nobody may wait for ever.
            catch (Exception e)
#pragma warning restore CA1031
            {
                FailAll(_batch, JournalStatus.Unknown, e.Message);
                DropSession();
            }
        }

        DropSession();
        _ended.TrySetResult();
    }

    /// <summary>Waits for the next read, or the next writes as far as no read is between them; false at the end.</summary>
    private bool TakeBatch()
    {
        _batch.Clear();
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_closing)
                {
                    return false;
                }

                Monitor.Wait(_queue);
            }

            do
            {
                _batch.Add(_queue.Dequeue());
            }
            while (_batch[0].Writes && _batch.Count < _options.BatchLimit && _queue.TryPeek(out SqliteOperation? next) && next.Writes);
        }

        return true;
    }

    private void RunBatch(List<SqliteOperation> batch)
    {
        // After a failure of the file it is opened anew, with all checks.
        _session ??= new SqliteSession(SqliteFile.Open(_options), _options);
        if (batch[0].Writes)
        {
            Write(_session, batch);
        }
        else
        {
            Read(_session, batch[0]);
        }
    }

    private void Read(SqliteSession session, SqliteOperation operation)
    {
        try
        {
            operation.Run(session);
        }
        catch (SqliteException e)
        {
            operation.Fail(JournalStatus.Failed, SqliteFailure.Explain(e));
            DropSessionAfter(e);
            return;
        }

        operation.Complete();
    }

    private void Write(SqliteSession session, List<SqliteOperation> batch)
    {
        List<SqliteOperation> done = new(batch.Count);
        bool begun = false;
        bool committing = false;
        try
        {
            session.Begin();
            begun = true;
            foreach (SqliteOperation operation in batch)
            {
                if (RunInSavepoint(session, operation, alone: batch.Count == 1))
                {
                    done.Add(operation);
                }
            }

            committing = true;
            session.Commit();
        }
        catch (SqliteException e)
        {
            session.Rollback();
            bool unknown = committing && !SqliteFailure.IsCertainlyNotCommitted(e);
            DropSessionAfter(e);
            if (unknown || batch.Count == 1 || !begun)
            {
                FailAll(batch, unknown ? JournalStatus.Unknown : JournalStatus.Failed, SqliteFailure.Explain(e));
            }
            else
            {
                OneByOne(batch);
            }

            return;
        }

        done.ForEach(operation => operation.Complete());
        if (session.Appended > 0)
        {
            _committed(session.Appended);
        }
    }

    /// <summary>Runs one write of a transaction; when it fails, the others go on. Throws when the whole transaction is lost.</summary>
    private static bool RunInSavepoint(SqliteSession session, SqliteOperation operation, bool alone)
    {
        long appended = session.Appended;
        session.Run("SAVEPOINT one");
        try
        {
            operation.Run(session);
        }
        catch (SqliteException e) when (!alone && session.InTransaction)
        {
            session.Run("ROLLBACK TO one");
            session.Run("RELEASE one");
            session.Appended = appended;
            operation.Fail(JournalStatus.Failed, SqliteFailure.Explain(e));
            return false;
        }

        session.Run("RELEASE one");
        return true;
    }

    /// <summary>What failed together may still succeed apart: the one that is too much for the disk fails alone.</summary>
    private void OneByOne(List<SqliteOperation> batch)
    {
        foreach (SqliteOperation operation in batch.FindAll(operation => !operation.IsAnswered))
        {
            RunBatch([operation]);
        }
    }

    private void DropSessionAfter(SqliteException e)
    {
        if (SqliteFailure.NeedsNewConnection(e))
        {
            DropSession();
        }
    }

    private void DropSession()
    {
        _session?.Dispose();
        _session = null;
    }

    private static void FailAll(List<SqliteOperation> batch, JournalStatus status, string reason) =>
        batch.ForEach(operation => operation.Fail(status, reason));
}
