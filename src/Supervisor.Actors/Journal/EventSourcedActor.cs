using Akka.Actor;
using Akka.Event;

namespace Supervisor.Actors.Journal;

/// <summary>
/// An actor whose state is what its events say. It recovers when it starts, then takes commands one by one: a command is checked, its events are
/// persisted, and only then applied and answered. The words are those of Akka.Persistence.
/// </summary>
/// <remarks>
/// <para>While it recovers or persists, commands wait, in order. There is one <c>Persist</c> or <c>PersistAll</c> per command. A persist that
/// fails, or a recovery, stops the actor; its parent starts it again, with back-off. When it restarts, its new life recovers from the journal.
/// The supervision directive Resume must not be used for it: a half-done command would be taken for done. No <c>await</c> may be under way in
/// it: long work goes through <c>PipeTo(Self)</c>.</para>
/// <para>docs/design/event-sourcing.md says each of its guarantees and which test shows it.</para>
/// </remarks>
#pragma warning disable CA1001 // What it holds is let go when the actor stops or restarts.
public abstract partial class EventSourcedActor : UntypedActor, IWithUnboundedStash
#pragma warning restore CA1001
{
    private static long s_instances;

    private readonly JournalAccess _access;
    private readonly IStash _waiting;
    private readonly long _instance = Interlocked.Increment(ref s_instances);
    private readonly string _writerUuid = Guid.NewGuid().ToString("N");
    private int _waitingCount;
    private object? _command;
    private IActorRef? _caller;
    private Phase _phase = Phase.Recovering;
    private string _stopReason = "it stops";

    protected EventSourcedActor(JournalAccess access)
    {
        _access = access;
        _waiting = Context.CreateStash(this);
    }

    private enum Phase
    {
        Recovering,

        /// <summary>The next command may come.</summary>
        Ready,

        /// <summary>In a command, or in <see cref="OnRecoveryCompleted"/>: the only time at which something may be persisted.</summary>
        Deciding,

        Persisting,

        /// <summary>Something failed: who waits is told, then the actor stops.</summary>
        Failing,
    }

    /// <summary>Names the history; the same for ever, as in <c>runner/node/session</c>.</summary>
    public abstract string PersistenceId { get; }

    /// <summary>For the actor's own use in its behaviours; set by Akka. Commands that wait for the journal are not in it.</summary>
    public IStash Stash { get; set; } = null!;

    /// <summary>The number of the last event; while recovering, of the event being applied.</summary>
    protected long LastSequenceNr { get; private set; }

    /// <summary>The number of the last event in the newest snapshot known to be stored; 0 without one.</summary>
    protected long SnapshotSequenceNr { get; private set; }

    /// <summary>The place of the last awaited event of this life among the events of all actors; 0 before the first.</summary>
    protected long LastOrdering { get; private set; }

    protected bool IsRecovering => _phase == Phase.Recovering;

    /// <summary>A message, while no other behaviour was chosen by <c>Become</c>.</summary>
    protected abstract void OnCommand(object message);

    /// <summary>A <see cref="SnapshotOffer"/> or an event: applied to the state, and nothing else.</summary>
    protected abstract void OnRecover(object message);

    /// <summary>The state is whole. Effects start here; one persist is allowed here.</summary>
    protected virtual void OnRecoveryCompleted()
    {
    }

    /// <summary>The history cannot be read. The actor stops afterwards.</summary>
    protected virtual void OnRecoveryFailure(Exception cause) =>
        Context.GetLogger().Error(cause, "{0} cannot recover", PersistenceId);

    /// <summary>The answer to a command for which there is no room; null for none.</summary>
    protected virtual object? BusyReply(object command) => new Busy(PersistenceId);

    /// <summary>The answer to the sender of the command that was under way when the actor failed; null for none.</summary>
    protected virtual object? FailureReply(Exception cause, object? command) => new Status.Failure(cause);

    /// <summary>A command that waited, or came, while the actor is about to stop; <c>Sender</c> is its sender.</summary>
    protected virtual void OnUnavailable(object command, string reason) =>
        Answer(new Status.Failure(new ActorUnavailableException(PersistenceId, reason)));

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message) => OnCommand(message);

    /// <inheritdoc/>
    /// <remarks>Commands are put aside here, before timers are unwrapped: a timer cancelled meanwhile stays cancelled.</remarks>
    protected sealed override bool AroundReceive(Receive receive, object message)
    {
        if (message is OwnMessage own)
        {
            if (own.Instance == _instance && string.Equals(own.PersistenceId, PersistenceId, StringComparison.Ordinal))
            {
                OnOwnMessage(own);
            }

            return true;
        }

        switch (_phase)
        {
            case Phase.Ready:
                _phase = Phase.Deciding;
                (_command, _caller) = (message, Sender);
                bool handled = base.AroundReceive(receive, message);
                CommandDone();
                return handled;
            case Phase.Failing:
                OnUnavailable(message, _stopReason);
                return true;
            default:
                PutAside(message);
                return true;
        }
    }

    /// <inheritdoc/>
    public override void AroundPreStart()
    {
        base.AroundPreStart();
        StartRecovery();
    }

    /// <inheritdoc/>
    public override void AroundPostRestart(Exception cause, object message)
    {
        base.AroundPostRestart(cause, message);
        StartRecovery();
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A restart keeps what waits but loses the command under way, whether that failed or a sibling did: its sender would wait for ever.
    /// </remarks>
    public override void AroundPreRestart(Exception cause, object message)
    {
        AnswerCommandUnderWay(cause);
        LeaveThisLife();
        base.AroundPreRestart(cause, message);
    }

    /// <inheritdoc/>
    /// <remarks>Stopped in the middle of a command, because that threw or because its parent wanted so: its sender would wait for ever.</remarks>
    public override void AroundPostStop()
    {
        AnswerCommandUnderWay(new ActorUnavailableException(PersistenceId, "it was stopped"));
        LeaveThisLife();
        base.AroundPostStop();
    }

    /// <summary>Tells the sender, when there is one besides the actor itself, and something to tell.</summary>
    protected void Answer(object? reply)
    {
        if (HasCaller(Sender))
        {
            Tell(Sender, reply);
        }
    }

    private void AnswerCommandUnderWay(Exception cause)
    {
        if (_phase is Phase.Deciding or Phase.Persisting && (_pending?.Sender ?? _caller) is { } caller && HasCaller(caller))
        {
            Tell(caller, FailureReply(cause, _command));
        }
    }

    private static void Tell(IActorRef caller, object? reply)
    {
        if (reply is not null)
        {
            caller.Tell(reply);
        }
    }

    private void OnOwnMessage(OwnMessage message)
    {
        switch (message)
        {
            case RecoveryLoaded loaded:
                OnLoaded(loaded.History);
                break;
            case RecoveryFailed failed:
                FailRecovery(failed.Cause);
                break;
            case AppendReply reply:
                OnAppendReply(reply);
                break;
            case AppendRetry retry:
                OnAppendRetry(retry);
                break;
            case AppendTimedOut late:
                OnAppendTimedOut(late);
                break;
            case UnawaitedReply reply:
                OnUnawaitedReply(reply);
                break;
            case SnapshotReply reply:
                OnSnapshotReply(reply);
                break;
            case DeleteReply { Outcome.IsWritten: false } reply:
                OnDeleteEventsFailure(new JournalException(reply.Outcome), reply.SequenceNr);
                break;
            case StopNow:
                Context.Stop(Self);
                break;
        }
    }

    private void PutAside(object message)
    {
        // What nobody can be told of, and what Akka itself says, is kept in any case: losing it would wedge the actor.
        if (_waitingCount >= _access.Settings.StashCapacity && HasCaller(Sender) && message is not (Terminated or ReceiveTimeout))
        {
            Answer(BusyReply(message));
            return;
        }

        _waiting.Stash();
        _waitingCount++;
    }

    /// <summary>One, not all: putting 20,000 back each time would be quadratic. It comes before anything newer.</summary>
    private void NextCommand()
    {
        _phase = Phase.Ready;
        if (_waitingCount > 0)
        {
            _waitingCount--;
            _waiting.Unstash();
        }
    }

    private void StopWith(string reason)
    {
        _phase = Phase.Failing;
        _stopReason = reason;
        _pending = null;
        _timeout?.Cancel();
        _recovery?.Cancel();
        _waitingCount = 0;
        _waiting.UnstashAll();

        // Behind all that waits: each of them is answered first.
        Self.Tell(new StopNow(PersistenceId, _instance), ActorRefs.NoSender);
    }

    private void LeaveThisLife()
    {
        _timeout?.Cancel();
        _recovery?.Cancel();
        _recovery?.Dispose();
        _recovery = null;
        _waitingCount = 0;
        _waiting.UnstashAll();
    }

    private bool HasCaller(IActorRef? sender) =>
        sender is not null && !sender.IsNobody() && !sender.Equals(Self) && !sender.Equals(Context.System.DeadLetters);
}
