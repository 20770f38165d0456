using System.Text.Json;
using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// A session that somebody else owns, such as a run in the foreground: its silence and its end are written down. Facts alone; nothing is decided
/// here, and nothing asked of its owner but what every viewer may ask.
/// </summary>
internal sealed class ObservedActor : EventSourcedActor
{
    /// <summary>The list of those that live.</summary>
    public const string Projection = "observed";

    private const string TerminalName = "terminal";

    private readonly SessionId _id;
    private readonly ObservedSession? _found;
    private readonly SessionsContext _daemon;
    private readonly SessionEars _ears;
    private readonly IActorRef _terminal;
    private RunnerState _state = RunnerState.Empty;

    /// <param name="id">The session.</param>
    /// <param name="found">How it was found; null for one that only the journal tells of.</param>
    /// <param name="daemon">What all share.</param>
    public ObservedActor(SessionId id, ObservedSession? found, SessionsContext daemon)
        : base(daemon.Access)
    {
        (_id, _found, _daemon) = (id, found, daemon);
        _ears = SessionEars.Of(Context, id, daemon);
        _terminal = Context.Watch(Context.ActorOf(PtyActor.Props(id, daemon, _ears.Log), TerminalName));
    }

    public override string PersistenceId => $"observed/{_daemon.Node}/{_id}";

    public static Props Props(SessionId id, ObservedSession? found, SessionsContext daemon) => Akka.Actor.Props.Create(() => new ObservedActor(id, found, daemon));

    /// <summary>A child that throws has a bug: this actor fails with it, and is made again.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Stop);

    protected override void OnRecover(object message)
    {
        if (message is ISessionEvent happened)
        {
            _state = _state.Apply(happened);
        }
    }

    protected override void OnRecoveryCompleted()
    {
        if (_state.IsLive || _found is null)
        {
            Listen();
            return;
        }

        SessionMeta meta = _found.Meta;
        SessionObserved observed = new(meta.Name, [.. meta.Command], meta.WorkingDirectory, meta.Terminal, meta.Attempt, meta.Pid, meta.StartedAt, _daemon.Now);
        Record(_found.Final is { } final ? [observed, Ended(final)] : [observed], Listen);
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case PtyProtocol.Over over when _state.IsLive:
                Record([Ended(over.Final)], Listen);
                break;
            case SilenceProtocol.Idle idle:
                Note(RunnerSilence.Decide(_state, idle.Attempt, idle: true, _daemon.Now));
                break;
            case SilenceProtocol.Active active:
                Note(RunnerSilence.Decide(_state, active.Attempt, idle: false, _daemon.Now));
                break;
            case LogStreamProtocol.Subscribe or LogStreamProtocol.Unsubscribe:
                _ears.Log.Forward(message);
                break;
            case PtyProtocol.Over or PtyProtocol.Told or PtyProtocol.NoKeeper:
                break;
            case Terminated:
                throw new InvalidOperationException("a part of what observes the session failed");
            default:
                Unhandled(message);
                break;
        }
    }

    protected override IReadOnlyList<ProjectionChange> ProjectionsOf(IReadOnlyList<object> events)
    {
        RunnerState state = events.OfType<ISessionEvent>().Aggregate(_state, (s, e) => s.Apply(e));
        return [new ProjectionChange(Projection, _id.Value, state.IsLive ? JsonSerializer.Serialize(state.Name ?? "", ProjectionJson.Default.String) : null)];
    }

    private void Listen()
    {
        RunnerSilence.Direct(_ears.Silence, _state, isFresh: false);
        if (_state.IsLive)
        {
            _terminal.Tell(new PtyProtocol.Join(null, _state.Attempt));
        }
        else
        {
            Context.Parent.Tell(new ObserverProtocol.Done(_id));
        }
    }

    private void Record(IReadOnlyList<ISessionEvent> events, Action then) =>
        PersistAll(events, happened => _state = _state.Apply((ISessionEvent)happened), then);

    private void Note(ISessionEvent? happened)
    {
        if (happened is not null)
        {
            PersistUnawaited(happened);
            _state = _state.Apply(happened);
            _terminal.Tell(new PtyProtocol.Note(_state.IsIdle));
        }
    }

    private SessionEnded Ended(SessionFinal final) =>
        new(Math.Max(final.Attempt, _state.Attempt), final.State, final.EndReason, final.ExitCode, final.Signal, final.Error, _daemon.Now);
}
