namespace Supervisor.Actors.Journal;

/// <summary>What bounds event-sourced actors.</summary>
public sealed record EventSourcedSettings
{
    /// <summary>Commands that wait in one actor while it recovers or persists; more are answered busy.</summary>
    public int StashCapacity { get; init; } = 10_000;

    /// <summary>How long a recovery may take, its waiting for others included.</summary>
    public TimeSpan RecoveryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one persist may take, its retries included.</summary>
    public TimeSpan PersistTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>When to ask again after an append that ended in an unknown way; then it failed.</summary>
    public IReadOnlyList<TimeSpan> Retries { get; init; } = [TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)];

    /// <summary>Events read at once while replaying.</summary>
    public int ReplayPage { get; init; } = 500;
}

/// <summary>What event-sourced actors share: the journal, the names of their events, and how many may replay at once.</summary>
public sealed class JournalAccess : IDisposable
{
    /// <param name="journal">Not disposed here.</param>
    /// <param name="events">The forms of all events and snapshots.</param>
    /// <param name="settings">The bounds; null means the usual ones.</param>
    /// <param name="replaysAtOnce">How many actors may replay at once; the others wait, within their own recovery timeout.</param>
    public JournalAccess(IEventJournal journal, EventRegistry events, EventSourcedSettings? settings = null, int replaysAtOnce = 16)
    {
        Journal = journal;
        Events = events;
        Settings = settings ?? new EventSourcedSettings();
        Replays = new SemaphoreSlim(replaysAtOnce, replaysAtOnce);
    }

    public IEventJournal Journal { get; }

    public EventRegistry Events { get; }

    public EventSourcedSettings Settings { get; }

    internal SemaphoreSlim Replays { get; }

    public void Dispose() => Replays.Dispose();
}
