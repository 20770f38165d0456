using Akka.Actor;
using Akka.Event;

namespace Supervisor.Actors.Journal;

/// <content>Persisting events, snapshots, deleting.</content>
public abstract partial class EventSourcedActor
{
    private ICancelable? _timeout;
    private PendingPersist? _pending;

    /// <summary>
    /// Writes an event, and calls <paramref name="handler"/> with it once it is durable, with the command's <c>Sender</c>. When that
    /// fails the handler is not called, see <see cref="OnPersistFailure"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called while recovering, outside a command, from a handler, or twice in one command.</exception>
    protected void Persist<TEvent>(TEvent @event, Action<TEvent> handler)
        where TEvent : class
    {
        ArgumentNullException.ThrowIfNull(@event);
        ArgumentNullException.ThrowIfNull(handler);
        PersistAll([@event], stored => handler((TEvent)stored));
    }

    /// <summary>
    /// Writes events in one transaction; once they are durable, calls <paramref name="handler"/> with each in order and then
    /// <paramref name="completed"/>. Nothing else is handled in between. With no events, only <paramref name="completed"/> is called, at once.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called while recovering, outside a command, from a handler, or twice in one command.</exception>
    protected void PersistAll(IReadOnlyList<object> events, Action<object> handler, Action? completed = null)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(handler);
        RequireDeciding();
        if (events.Count == 0)
        {
            completed?.Invoke();
            return;
        }

        _pending = new PendingPersist([.. events], handler, completed, Sender);
    }

    /// <summary>
    /// Writes an event without waiting for it: apply it at once. It keeps its place before all events persisted later; should it fail, the actor
    /// stops, and what was lost is this event and nothing older. For facts that may be lost with the machine.
    /// </summary>
    /// <exception cref="InvalidOperationException">As <see cref="PersistAll"/>; also after a persist in the same command.</exception>
    /// <exception cref="EventFormatException">The event cannot be stored.</exception>
    protected void PersistUnawaited(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        RequireDeciding();
        JournalAppend append = Serialize([@event]);
        long sequenceNr = ++LastSequenceNr;
        string id = PersistenceId;
        long instance = _instance;
        _ = _access.Journal.AppendAsync(append).PipeTo(
            Self,
            ActorRefs.NoSender,
            result => new UnawaitedReply(id, instance, sequenceNr, result, @event),
            cause => new UnawaitedReply(id, instance, sequenceNr, Unknown(cause), @event));
    }

    /// <summary>
    /// Stores the state as it is after <see cref="LastSequenceNr"/>; older snapshots go once it is there. It is written in the background.
    /// </summary>
    /// <exception cref="EventFormatException">The state cannot be stored.</exception>
    protected void SaveSnapshot(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        SerializedEvent stored = _access.Events.Serialize(state);
        string id = PersistenceId;
        long instance = _instance;
        long sequenceNr = LastSequenceNr;
        _ = SaveAsync(_access.Journal, new JournalSnapshot(id, sequenceNr, stored.Manifest, stored.Payload)).PipeTo(
            Self,
            ActorRefs.NoSender,
            outcome => new SnapshotReply(id, instance, sequenceNr, outcome),
            cause => new SnapshotReply(id, instance, sequenceNr, Unknown(cause)));
    }

    /// <summary>Deletes the events up to and with this one, in the background. Only what a stored snapshot contains can go.</summary>
    /// <exception cref="InvalidOperationException">No snapshot known to be stored contains these events.</exception>
    protected void DeleteEvents(long toSequenceNr)
    {
        if (toSequenceNr > SnapshotSequenceNr)
        {
            throw new InvalidOperationException($"events up to {toSequenceNr} are in no stored snapshot; the newest is of {SnapshotSequenceNr}");
        }

        string id = PersistenceId;
        long instance = _instance;
        _ = _access.Journal.DeleteEventsAsync(id, toSequenceNr).PipeTo(
            Self,
            ActorRefs.NoSender,
            outcome => new DeleteReply(id, instance, toSequenceNr, outcome),
            cause => new DeleteReply(id, instance, toSequenceNr, Unknown(cause)));
    }

    /// <summary>Rows to write in the same transaction as these events, which are not yet applied.</summary>
    protected virtual IReadOnlyList<ProjectionChange> ProjectionsOf(IReadOnlyList<object> events) => [];

    /// <summary>What this event can be found by, besides its persistence id.</summary>
    protected virtual IReadOnlyList<string> TagsOf(object @event) => [];

    /// <summary>
    /// Events were not written, or it stayed unknown; they are not applied, and the actor stops afterwards. <c>Sender</c> is the command's, and
    /// is answered here.
    /// </summary>
    protected virtual void OnPersistFailure(JournalException cause, IReadOnlyList<object> events) => Answer(new Status.Failure(cause));

    /// <summary>Events cannot be stored in any journal; none of them was, and the actor goes on. <c>Sender</c> is the command's.</summary>
    protected virtual void OnPersistRejected(EventFormatException cause, IReadOnlyList<object> events) => Answer(new Status.Failure(cause));

    /// <summary>A snapshot is stored; <see cref="DeleteEvents"/> may follow, but no persist.</summary>
    protected virtual void OnSaveSnapshotSuccess(long sequenceNr)
    {
    }

    /// <summary>A snapshot could not be stored: the older one and the events still serve.</summary>
    protected virtual void OnSaveSnapshotFailure(JournalException cause, long sequenceNr) =>
        Context.GetLogger().Warning("{0}: the snapshot of {1} was not saved: {2}", PersistenceId, sequenceNr, cause.Message);

    /// <summary>Events could not be deleted: they take room, and nothing else.</summary>
    protected virtual void OnDeleteEventsFailure(JournalException cause, long toSequenceNr) =>
        Context.GetLogger().Warning("{0}: events up to {1} were not deleted: {2}", PersistenceId, toSequenceNr, cause.Message);

    private static async Task<JournalOutcome> SaveAsync(IEventJournal journal, JournalSnapshot snapshot)
    {
        JournalOutcome saved = await journal.SaveSnapshotAsync(snapshot).ConfigureAwait(false);
        if (saved.IsWritten)
        {
            // Should this fail, the newest snapshot is still the one that is read.
            await journal.DeleteSnapshotsAsync(snapshot.PersistenceId, snapshot.SequenceNumber - 1).ConfigureAwait(false);
        }

        return saved;
    }

    private static AppendResult Unknown(Exception cause) => new(JournalStatus.Unknown, cause.Message);

    private void RequireDeciding()
    {
        if (_phase != Phase.Deciding)
        {
            throw new InvalidOperationException(
                _phase == Phase.Recovering
                    ? "nothing can be persisted while recovering"
                    : "events are persisted by a command, not by what follows from one");
        }

        if (_pending is not null)
        {
            throw new InvalidOperationException("one persist per command: give all its events to one PersistAll");
        }
    }

    private void CommandDone()
    {
        if (_pending is not { } pending)
        {
            NextCommand();
            return;
        }

        try
        {
            pending.Append = Serialize(pending.Events);
        }
        catch (EventFormatException cause)
        {
            _pending = null;
            OnPersistRejected(cause, pending.Events);
            NextCommand();
            return;
        }

        _phase = Phase.Persisting;
        _timeout = Context.System.Scheduler.ScheduleTellOnceCancelable(
            _access.Settings.PersistTimeout, Self, new AppendTimedOut(PersistenceId, _instance, pending.FirstSequenceNr), Sender);
        Append(pending);
    }

    private JournalAppend Serialize(IReadOnlyList<object> events)
    {
        JournalEvent[] stored = new JournalEvent[events.Count];
        for (int i = 0; i < stored.Length; i++)
        {
            SerializedEvent one = _access.Events.Serialize(events[i]);
            stored[i] = new JournalEvent(LastSequenceNr + 1 + i, one.Manifest, one.Payload) { Tags = TagsOf(events[i]) };
        }

        return new JournalAppend(PersistenceId, _writerUuid, stored) { Projections = ProjectionsOf(events) };
    }

    private void Append(PendingPersist pending)
    {
        string id = PersistenceId;
        long instance = _instance;
        long sequenceNr = pending.FirstSequenceNr;
        _ = _access.Journal.AppendAsync(pending.Append!).PipeTo(
            Self,
            Sender,
            result => new AppendReply(id, instance, sequenceNr, result),
            cause => new AppendReply(id, instance, sequenceNr, Unknown(cause)));
    }

    private void OnAppendReply(AppendReply reply)
    {
        if (Awaited(reply.SequenceNr) is not { } pending)
        {
            return;
        }

        switch (reply.Result.Status)
        {
            case JournalStatus.Written:
                Apply(pending, reply.Result.LastOrdering);
                break;
            case JournalStatus.Unknown when pending.Retries < _access.Settings.Retries.Count:
                // The journal says what became of it: it knows a repeat by its writer and content.
                TimeSpan delay = _access.Settings.Retries[pending.Retries++];
                Context.System.Scheduler.ScheduleTellOnce(delay, Self, new AppendRetry(PersistenceId, _instance, reply.SequenceNr), Sender);
                break;
            default:
                FailPersist(reply.Result, pending.Events);
                break;
        }
    }

    private void OnAppendRetry(AppendRetry retry)
    {
        if (Awaited(retry.SequenceNr) is { } pending)
        {
            Append(pending);
        }
    }

    private void OnAppendTimedOut(AppendTimedOut late)
    {
        if (Awaited(late.SequenceNr) is { } pending)
        {
            string reason = $"no answer within {_access.Settings.PersistTimeout.TotalSeconds} s";
            FailPersist(new JournalOutcome(JournalStatus.Unknown, reason), pending.Events);
        }
    }

    private void OnUnawaitedReply(UnawaitedReply reply)
    {
        // An append under way comes after this one and shares its fate: without this event it is in conflict, and its sender is answered then.
        if (!reply.Result.IsWritten && _phase == Phase.Ready)
        {
            FailPersist(reply.Result, [reply.Event]);
        }
    }

    private void OnSnapshotReply(SnapshotReply reply)
    {
        if (!reply.Outcome.IsWritten)
        {
            OnSaveSnapshotFailure(new JournalException(reply.Outcome), reply.SequenceNr);
            return;
        }

        SnapshotSequenceNr = Math.Max(SnapshotSequenceNr, reply.SequenceNr);
        OnSaveSnapshotSuccess(reply.SequenceNr);
    }

    private PendingPersist? Awaited(long sequenceNr) =>
        _phase == Phase.Persisting && _pending is { } pending && pending.FirstSequenceNr == sequenceNr ? pending : null;

    private void Apply(PendingPersist pending, long lastOrdering)
    {
        _timeout?.Cancel();
        LastOrdering = lastOrdering;
        foreach (object @event in pending.Events)
        {
            LastSequenceNr++;
            pending.Handler(@event);
        }

        pending.Completed?.Invoke();
        _pending = null;
        NextCommand();
    }

    private void FailPersist(JournalOutcome outcome, IReadOnlyList<object> events)
    {
        OnPersistFailure(new JournalException(outcome), events);
        StopWith($"the journal failed: {outcome.Reason}");
    }

    private sealed class PendingPersist(IReadOnlyList<object> events, Action<object> handler, Action? completed, IActorRef sender)
    {
        public IReadOnlyList<object> Events { get; } = events;

        public Action<object> Handler { get; } = handler;

        public Action? Completed { get; } = completed;

        public IActorRef Sender { get; } = sender;

        public JournalAppend? Append { get; set; }

        public int Retries { get; set; }

        public long FirstSequenceNr => Append!.Events[0].SequenceNumber;
    }
}
