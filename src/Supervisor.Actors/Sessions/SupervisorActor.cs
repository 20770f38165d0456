using Akka.Actor;
using Akka.Event;
using Supervisor.Actors.Supervision;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>The parent of all runners, one for each live supervised session: makes them, and brings each command to its own.</summary>
public sealed class SupervisorActor : ReceiveActor, IWithTimers
{
    private readonly SessionsContext _daemon;
    private readonly Dictionary<SessionId, BackoffChild> _runners = [];
    private readonly List<(SessionId Id, object Message, IActorRef Sender)> _late = [];
    private long _restartsBefore;

    public SupervisorActor(SessionsContext daemon)
    {
        _daemon = daemon;
        Receive<Recover>(OnRecover);
        Receive<ISessionCommand>(OnCommand);
        Receive<AdoptSession>(message => Bring(message.SessionId, message));
        Receive<RunnerDone>(OnRunnerDone);
        Receive<DeadLetter>(OnDeadLetter);
        Receive<GetSessions>(_ => Sender.Tell(new SessionsResult(_runners.Count, _runners.Values.Sum(r => (long)r.Restarts) + _restartsBefore)));
        Receive<OutputSubscription>(OnOutputSubscription);
        Receive<Terminated>(message => Handle(message));
        Receive<ChildDue>(message => Handle(message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SessionsContext daemon) => Akka.Actor.Props.Create(() => new SupervisorActor(daemon));

    /// <summary>A runner that throws has a bug: it is stopped, and made again from the journal after 1, 5, 30 s.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Stop);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
        base.PreStart();
    }

    /// <summary>What had come to a runner that failed or was done before it looked at it: nobody else would answer.</summary>
    private void OnDeadLetter(DeadLetter letter)
    {
        if (letter.Message is ISessionCommand command && letter.Recipient.Path.Parent == Self.Path)
        {
            Self.Tell(command, letter.Sender);
        }
    }

    private void OnCommand(ISessionCommand command) => Bring(command.SessionId, command);

    private void OnOutputSubscription(OutputSubscription message)
    {
        if (_runners.TryGetValue(message.SessionId, out BackoffChild? runner) && runner.Ref is { } actor)
        {
            actor.Tell(message.Message);
        }
        else
        {
            Context.Parent.Tell(new NotSupervised(message));
        }
    }

    private void OnRecover(Recover message)
    {
        foreach (SessionId id in message.Sessions)
        {
            Runner(id);
        }
    }

    private void Bring(SessionId id, object message)
    {
        BackoffChild runner = Runner(id);
        if (runner.IsWanted)
        {
            runner.Forward(message);
        }
        else
        {
            // It has just finished; once it is gone there can be another.
            _late.Add((id, message, Sender));
        }
    }

    private BackoffChild Runner(SessionId id)
    {
        if (!_runners.TryGetValue(id, out BackoffChild? runner))
        {
            runner = new BackoffChild(
                Context,
                Timers,
                id.Value,
                () => RunnerActor.Props(id, _daemon),
                BackoffSettings.Default,
                (message, sender) => WhileAbsent(id, message, sender),
                _daemon.Time);
            _runners.Add(id, runner);
            runner.Start();
        }

        return runner;
    }

    /// <summary>A runner that cannot be made (its journal fails): ends are carried out all the same, the rest is refused.</summary>
    private void WhileAbsent(SessionId id, object message, IActorRef sender)
    {
        switch (message)
        {
            case StopSession stop:
                _ = UnwrittenStop.Run(_daemon, id, stop.Signal, stop.GraceMs).PipeTo(sender);
                break;
            case ISessionCommand:
                sender.Tell(new RefusedResult(id, ErrorCode.JournalUnavailable, $"session {id} cannot be looked after now: its part of the daemon has failed", "its log says more: sup daemon status"));
                break;
            default:
                break;
        }
    }

    private void OnRunnerDone(RunnerDone message)
    {
        if (_runners.TryGetValue(message.SessionId, out BackoffChild? runner) && Sender.Equals(runner.Ref))
        {
            _restartsBefore += runner.Restarts;
            runner.Stop();
        }
    }

    private void Handle(object message)
    {
        foreach ((SessionId id, BackoffChild runner) in _runners)
        {
            if (runner.Handle(message))
            {
                if (!runner.IsWanted && runner.IsGone)
                {
                    _runners.Remove(id);
                    BringLate(id);
                }

                return;
            }
        }
    }

    private void BringLate(SessionId id)
    {
        foreach ((_, object message, IActorRef sender) in _late.FindAll(l => l.Id == id))
        {
            Self.Tell(message, sender);
        }

        _late.RemoveAll(l => l.Id == id);
    }

    /// <summary>Sessions that were live when the last daemon wrote about them.</summary>
    public sealed record Recover(IReadOnlyList<SessionId> Sessions);

    /// <summary>How many sessions are looked after.</summary>
    public sealed record GetSessions
    {
        public static GetSessions Instance { get; } = new();
    }

    /// <param name="Count">Live ones.</param>
    /// <param name="Restarts">How often a runner failed and was made again.</param>
    public sealed record SessionsResult(int Count, long Restarts);

    /// <summary>From a runner: its session has ended, and it is not needed any more.</summary>
    internal sealed record RunnerDone(SessionId SessionId);
}
