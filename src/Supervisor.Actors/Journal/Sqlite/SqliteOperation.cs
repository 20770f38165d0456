namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>One thing asked of the writer's thread, and the task that its caller awaits.</summary>
internal abstract class SqliteOperation(bool writes)
{
    /// <summary>Needs a transaction; its answer waits for the commit.</summary>
    public bool Writes { get; } = writes;

    /// <summary>Its caller knows the outcome; it must not be done any more.</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>Does it, and keeps the answer for <see cref="Complete"/>.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>Gives the answer of <see cref="Run"/>.</summary>
    public abstract void Complete();

    /// <summary>Answers that it did not happen, or may not have.</summary>
    public abstract void Fail(JournalStatus status, string reason);
}

/// <inheritdoc/>
internal sealed class SqliteOperation<T>(bool writes, Func<SqliteSession, T> run, Func<JournalStatus, string, T> failed) : SqliteOperation(writes)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Task => _answer.Task;

    public override bool IsAnswered => _answer.Task.IsCompleted;

    public override void Run(SqliteSession session) => _result = run(session);

    public override void Complete() => _answer.TrySetResult(_result!);

    public override void Fail(JournalStatus status, string reason) => _answer.TrySetResult(failed(status, reason));
}
