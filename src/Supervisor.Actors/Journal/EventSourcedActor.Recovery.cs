using Akka.Actor;

namespace Supervisor.Actors.Journal;

/// <content>Recovery: the whole history is read aside, then applied at once.</content>
public abstract partial class EventSourcedActor
{
    private CancellationTokenSource? _recovery;

    private void StartRecovery()
    {
        string id = PersistenceId;
        long instance = _instance;
        _recovery = new CancellationTokenSource();
        _timeout = Context.System.Scheduler.ScheduleTellOnceCancelable(
            _access.Settings.RecoveryTimeout,
            Self,
            new RecoveryFailed(id, instance, new TimeoutException($"recovery took more than {_access.Settings.RecoveryTimeout.TotalSeconds} s")),
            ActorRefs.NoSender);
        _ = RecoveredHistory.LoadAsync(_access, id, _recovery.Token).PipeTo(
            Self,
            success: history => new RecoveryLoaded(id, instance, history),
            failure: cause => new RecoveryFailed(id, instance, cause));
    }

    private void OnLoaded(RecoveredHistory history)
    {
        if (_phase != Phase.Recovering)
        {
            return;
        }

        _timeout?.Cancel();
        try
        {
            Replay(history);
        }
#pragma warning disable CA1031 // Whatever the state's code throws, this history cannot be applied; a restart would find the same.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            FailRecovery(cause);
            return;
        }

        _phase = Phase.Deciding;
        OnRecoveryCompleted();
        CommandDone();
    }

    private void Replay(RecoveredHistory history)
    {
        if (history.Snapshot is { } snapshot)
        {
            LastSequenceNr = SnapshotSequenceNr = snapshot.SequenceNr;
            OnRecover(snapshot);
        }

        foreach (object @event in history.Events)
        {
            LastSequenceNr++;
            OnRecover(@event);
        }

        LastSequenceNr = history.Highest;
    }

    private void FailRecovery(Exception cause)
    {
        if (_phase != Phase.Recovering)
        {
            return;
        }

        OnRecoveryFailure(cause);
        StopWith("it cannot recover");
    }
}
