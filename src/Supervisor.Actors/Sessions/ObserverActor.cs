using Akka.Actor;
using Akka.Event;
using Supervisor.Actors.Supervision;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// The parent of the observed sessions: those that live when the daemon starts, and each that begins later. A run in the foreground does
/// nothing for it, and does not notice.
/// </summary>
#pragma warning disable CA1001 // The watch is let go when the actor stops.
internal sealed class ObserverActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    /// <summary>A run is looked at when it is this old: most are over by then, and cost one look in all.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    private readonly SessionsContext _daemon;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<SessionId, BackoffChild> _sessions = [];
    private readonly Dictionary<SessionId, long> _made = [];
    private SessionsWatch? _watch;
    private long _restartsBefore;
    private bool _looking;

    public ObserverActor(SessionsContext daemon)
    {
        _daemon = daemon;
        Receive<ObserverProtocol.Recover>(message => OnRecover(message.Sessions));
        Receive<Made>(OnMade);
        Receive<Missed>(_ => LookAtAll());
        Receive<Settled>(_ => LookAtMade());
        Receive<Looked>(OnLooked);
        Receive<ObserverProtocol.Done>(OnDone);
        Receive<ObserverProtocol.GetObserved>(_ => Sender.Tell(
            new SupervisorActor.SessionsResult(_sessions.Count, _sessions.Values.Sum(s => (long)s.Restarts) + _restartsBefore)));
        Receive<OutputSubscription>(OnOutputSubscription);
        Receive<Terminated>(message => Handle(message));
        Receive<ChildDue>(message => Handle(message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SessionsContext daemon) => Akka.Actor.Props.Create(() => new ObserverActor(daemon));

    /// <summary>One that throws has a bug: it is stopped, and made again from the journal after 1, 5, 30 s.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Stop);

    protected override void PreStart()
    {
        IActorRef self = Self;
        try
        {
            // Before the first look: what is made after it is told.
            _watch = new SessionsWatch(_daemon.Root, id => self.Tell(new Made(id)), () => self.Tell(Missed.Instance));
        }
        catch (IOException e)
        {
            _log.Warning("runs in the foreground that begin from now on are not noticed: {0}", e.Message);
        }

        LookAtAll();
    }

    protected override void PostStop() => _watch?.Dispose();

    private void OnRecover(IReadOnlyList<SessionId> sessions)
    {
        foreach (SessionId id in sessions)
        {
            Observe(id, null);
        }
    }

    private void OnOutputSubscription(OutputSubscription message)
    {
        if (_sessions.TryGetValue(message.SessionId, out BackoffChild? session) && session.Ref is { } actor)
        {
            actor.Tell(message.Message);
        }
        else
        {
            message.Refuse();
        }
    }

    private void OnMade(Made message)
    {
        _made[message.SessionId] = _daemon.Time.GetTimestamp();
        if (!Timers.IsTimerActive(nameof(Settled)))
        {
            Timers.StartSingleTimer(nameof(Settled), Settled.Instance, SettleTime);
        }
    }

    private void LookAtMade()
    {
        // Those that came after the first of them wait for the next turn: they may not have said yet what they are.
        SessionId[] made = [.. _made.Where(m => _daemon.Time.GetElapsedTime(m.Value) >= SettleTime).Select(m => m.Key)];
        Array.ForEach(made, id => _made.Remove(id));
        if (_made.Count > 0)
        {
            Timers.StartSingleTimer(nameof(Settled), Settled.Instance, SettleTime);
        }

        SessionsContext daemon = _daemon;
        IActorRef self = Self;
        Look(() =>
        {
            foreach (SessionId id in made.Where(id => ObservedSession.IsUndecided(daemon.Root, id)))
            {
                self.Tell(new Made(id));
            }

            return [.. made.Select(id => ObservedSession.Of(daemon.Root, id, daemon.Now)).OfType<ObservedSession>()];
        });
    }

    private void LookAtAll()
    {
        if (!_looking)
        {
            _looking = true;
            SessionsContext daemon = _daemon;
            Look(() => ObservedSession.All(daemon.Root, daemon.Now));
        }
    }

    private void Look(Func<IReadOnlyList<ObservedSession>> look) =>
        _ = Task.Run(look).PipeTo(Self, success: found => new Looked(found, null), failure: e => new Looked([], e));

    private void OnLooked(Looked message)
    {
        _looking = false;
        if (message.Failure is { } failure)
        {
            _log.Warning("runs in the foreground cannot be looked at: {0}", failure.Message);
        }

        foreach (ObservedSession session in message.Found)
        {
            Observe(session.Id, session);
        }
    }

    private void Observe(SessionId id, ObservedSession? found)
    {
        if (!_sessions.ContainsKey(id))
        {
            BackoffChild session = new(
                Context, Timers, id.Value, () => ObservedActor.Props(id, found, _daemon), BackoffSettings.Default, (_, _) => { }, _daemon.Time);
            _sessions.Add(id, session);
            session.Start();
        }
    }

    private void OnDone(ObserverProtocol.Done message)
    {
        if (_sessions.TryGetValue(message.SessionId, out BackoffChild? session) && Sender.Equals(session.Ref))
        {
            _restartsBefore += session.Restarts;
            session.Stop();
        }
    }

    private void Handle(object message)
    {
        foreach ((SessionId id, BackoffChild session) in _sessions)
        {
            if (session.Handle(message))
            {
                if (!session.IsWanted && session.IsGone)
                {
                    _sessions.Remove(id);
                }

                return;
            }
        }
    }

    private sealed record Made(SessionId SessionId);

    private sealed record Missed
    {
        public static Missed Instance { get; } = new();
    }

    private sealed record Settled
    {
        public static Settled Instance { get; } = new();
    }

    private sealed record Looked(IReadOnlyList<ObservedSession> Found, Exception? Failure);
}
