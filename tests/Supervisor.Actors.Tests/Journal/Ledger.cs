using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Akka.Actor;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Tests.Journal;

internal sealed record Added(string Text);

internal sealed record Removed(string Text, int Count);

/// <summary>What an older version wrote.</summary>
internal sealed record AddedV1(string T);

internal sealed record LedgerState(ImmutableArray<string> Texts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Added))]
[JsonSerializable(typeof(AddedV1))]
[JsonSerializable(typeof(Removed))]
[JsonSerializable(typeof(LedgerState))]
internal sealed partial class LedgerJson : JsonSerializerContext;

/// <summary>An event-sourced actor that does whatever a test asks of the base.</summary>
internal sealed class Ledger(string id, JournalAccess access, IActorRef witness) : EventSourcedActor(access), IWithTimers
{
    private List<string> _texts = [];

    public static EventRegistry Registry { get; } = new EventRegistry.Builder()
        .Add("added/2", LedgerJson.Default.Added)
        .AddOld("added/1", LedgerJson.Default.AddedV1, old => new Added(old.T))
        .Add("removed/1", LedgerJson.Default.Removed)
        .Add("ledger/1", LedgerJson.Default.LedgerState)
        .Build();

    public ITimerScheduler Timers { get; set; } = null!;

    public override string PersistenceId => id;

    public static Props Props(string id, JournalAccess access, IActorRef witness) => Akka.Actor.Props.Create(() => new Ledger(id, access, witness));

    protected override IReadOnlyList<ProjectionChange> ProjectionsOf(IReadOnlyList<object> events) =>
        [new ProjectionChange("sessions", id, $"{{\"events\":{events.Count}}}")];

    protected override IReadOnlyList<string> TagsOf(object @event) => [@event.GetType().Name];

    protected override void OnRecover(object message)
    {
        if (message is SnapshotOffer { Snapshot: LedgerState state } offer)
        {
            _texts = [.. state.Texts];
            witness.Tell(new Saw("offer", offer.SequenceNr, Log()));
            return;
        }

        if (message is Added { Text: "persist while recovering" })
        {
            Persist(new Added("never"), Apply);
        }

        Apply(message);
        witness.Tell(new Saw("recover", LastSequenceNr, Log()));
    }

    protected override void OnRecoveryCompleted()
    {
        witness.Tell(new Saw("recovered", LastSequenceNr, Log()));
        if (_texts.Contains("resume"))
        {
            Persist(new Removed("resume", 1), Apply);
        }
    }

    protected override void OnRecoveryFailure(Exception cause) => witness.Tell(new Saw("unrecoverable", LastSequenceNr, cause.Message));

    protected override void OnSaveSnapshotSuccess(long sequenceNr) => witness.Tell(new Saw("saved", sequenceNr, Log()));

    protected override void OnSaveSnapshotFailure(JournalException cause, long sequenceNr) => witness.Tell(new Saw("not saved", sequenceNr, Log()));

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Add add:
                Persist(new Added(add.Text), added => ApplyAndReply(added));
                break;
            case AddAll all:
                PersistAll([.. all.Texts.Select(text => new Added(text))], Apply, () => Sender.Tell(new Saw("all", LastSequenceNr, Log())));
                break;
            case AddUnawaited add:
                Apply(new Added(add.Text));
                PersistUnawaited(new Added(add.Text));
                Sender.Tell(new Saw("at once", LastSequenceNr, Log()));
                break;
            case AddUnstorable:
                PersistAll([new Added("with it"), new Unstorable()], Apply);
                break;
            case PersistTwice:
                Persist(new Added("first"), ApplyAndReply);
                Refused(() => Persist(new Added("second"), Apply));
                break;
            case PersistInHandler:
                Persist(new Added("outer"), added => Refused(() => Persist(new Added("inner"), Apply)));
                break;
            case ThrowInHandler:
                Persist(new Added("stored"), _ => throw new InvalidOperationException("handler"));
                break;
            case Throw:
                throw new InvalidOperationException("command");
            case Save:
                SaveSnapshot(new LedgerState([.. _texts]));
                break;
            case Trim trim:
                Refused(() => DeleteEvents(trim.To));
                break;
            case Remind remind:
                Timers.StartSingleTimer("reminder", new Reminded(remind.Text), remind.After);
                break;
            case Forget:
                Timers.Cancel("reminder");
                Persist(new Added("forgot"), ApplyAndReply);
                break;
            case Reminded reminded:
                witness.Tell(new Saw(reminded.Text, LastSequenceNr, Log()));
                break;
            case Terminated ended:
                witness.Tell(new Saw("ended", LastSequenceNr, ended.ActorRef.Path.Name));
                break;
            case WatchThis watch:
                Context.Watch(watch.Target);
                break;
            case Get:
                Sender.Tell(new Saw("state", LastSequenceNr, Log()));
                break;
        }
    }

    private void ApplyAndReply(Added added)
    {
        Apply(added);
        Sender.Tell(new Saw("added", LastSequenceNr, Log()));
    }

    private void Apply(object message)
    {
        switch (message)
        {
            case Added { Text: "poison" }:
                throw new InvalidOperationException("cannot be applied");
            case Added added:
                _texts.Add(added.Text);
                break;
            case Removed removed:
                _texts.Remove(removed.Text);
                break;
        }
    }

    private void Refused(Action action)
    {
        try
        {
            action();
        }
        catch (InvalidOperationException e)
        {
            Sender.Tell(new Saw("refused", LastSequenceNr, e.Message));
        }
    }

    private string Log() => string.Join(",", _texts.Count > 20 ? [.. _texts.Take(3), "…", .. _texts.TakeLast(3)] : _texts);

    internal sealed record Saw(string What, long SequenceNr, string Log);

    internal sealed record Add(string Text);

    internal sealed record AddAll(params string[] Texts);

    internal sealed record AddUnawaited(string Text);

    internal sealed record AddUnstorable;

    internal sealed record PersistTwice;

    internal sealed record PersistInHandler;

    internal sealed record ThrowInHandler;

    internal sealed record Throw;

    internal sealed record Save;

    internal sealed record Trim(long To);

    internal sealed record Remind(string Text, TimeSpan After);

    internal sealed record Forget;

    internal sealed record WatchThis(IActorRef Target);

    internal sealed record Get;

    private sealed record Unstorable;

    private sealed record Reminded(string Text);
}
