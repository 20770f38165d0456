using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Supervisor.Actors.Journal;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// The runner of one session: decides, writes the decision down, and only then has it carried out and answers. What it wants it derives from
/// its state, after each event and after a recovery alike, so that nothing is decided from memory.
/// </summary>
public sealed class RunnerActor : EventSourcedActor, IWithTimers
{
    private const string TerminalName = "terminal";
    private const string UserStop = "user-stop";

    /// <summary>A runner that was asked about a session that does not live goes after this long without another question.</summary>
    private static readonly TimeSpan UnneededTime = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait in one go: timers stand still while the machine sleeps, delays do not.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMinutes(1);

    private readonly SessionId _id;
    private readonly SessionsContext _daemon;
    private readonly IActorRef _terminal;
    private readonly SessionEars _ears;
    private readonly List<Waiter> _waiters = [];
    private RunnerState _state = RunnerState.Empty;
    private RefusedResult? _failure;
    private bool _written = true;

    public RunnerActor(SessionId id, SessionsContext daemon)
        : base(daemon?.Access ?? throw new ArgumentNullException(nameof(daemon)))
    {
        (_id, _daemon) = (id, daemon);
        _ears = SessionEars.Of(Context, id, daemon);
        _terminal = Context.Watch(Context.ActorOf(PtyActor.Props(id, daemon, _ears.Log), TerminalName));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public override string PersistenceId => IdOf(_daemon.Node, _id);

    public static Props Props(SessionId id, SessionsContext daemon) => Akka.Actor.Props.Create(() => new RunnerActor(id, daemon));

    internal static string IdOf(string node, SessionId id) => $"runner/{node}/{id}";

    /// <summary>A child that throws has a bug, and holds what cannot be told from outside: the runner fails with it, and is made again with all three.</summary>
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Stop);

    protected override void OnRecover(object message)
    {
        if (message is ISessionEvent happened)
        {
            _state = _state.Apply(happened);
        }
    }

    protected override void OnRecoveryCompleted()
    {
        RunnerSilence.Direct(_ears.Silence, _state, isFresh: false);
        switch (_state.Phase)
        {
            case RunnerPhase.Starting:
                _terminal.Tell(new PtyProtocol.Join(_state.Attempt, _state.Attempt, _state.IsByPolicy));
                break;
            case RunnerPhase.Backoff:
                _terminal.Tell(new PtyProtocol.Join(null, _state.Attempt));
                if (string.Equals(_state.Due!.BootId, _daemon.BootId, StringComparison.Ordinal))
                {
                    WaitForDue();
                }

                break;
            case RunnerPhase.Running or RunnerPhase.Stopping:
                _terminal.Tell(new PtyProtocol.Join(null, _state.Attempt));
                Replace();
                if (_state.Stop is { } stop)
                {
                    // An earlier daemon had written it down, and perhaps not carried it out.
                    SendStop(stop);
                }
                else if (_state.Closing is { } reason)
                {
                    _terminal.Tell(new PtyProtocol.Close(reason));
                }

                break;
            default:
                Context.SetReceiveTimeout(UnneededTime);
                break;
        }
    }

    protected override void OnCommand(object message)
    {
        DateTime now = _daemon.Now;
        switch (message)
        {
            case StartSession start:
                Take(RunnerDecisions.Start(_state, start, _daemon.Epoch, now), WaitFor.Start, () => _terminal.Tell(new PtyProtocol.Create(start.Spec)));
                break;
            case StopSession stop:
                OnStop(stop, now);
                break;
            case RestartSession restart:
                Take(RunnerDecisions.Restart(_state, restart, _daemon.Epoch, now), WaitFor.Start, AfterRestart);
                break;
            case AdoptSession adopt:
                Record(RunnerDecisions.Adopt(_state, adopt, now), () =>
                {
                    RunnerSilence.Direct(_ears.Silence, _state, isFresh: false);
                    _terminal.Tell(new PtyProtocol.Join(_state.Phase == RunnerPhase.Starting ? _state.Attempt : null, _state.Attempt));
                });
                break;
            case PtyProtocol.Told told:
                _failure = told.Code is { } code && told.Fact.Attempt == _state.Attempt ? new RefusedResult(_id, code, told.Message ?? "") : _failure;
                Record(RunnerDecisions.Learn(_state, told.Fact, _daemon.Epoch, _daemon.Moment), () => Learned(told.Fact));
                break;
            case PtyProtocol.Over over:
                Record(RunnerDecisions.End(_state, over.Final, _daemon.Epoch, now), Finish);
                break;
            case PtyProtocol.NoKeeper refused:
                OnNoKeeper(refused, now);
                break;
            case PtyProtocol.Abandoned abandoned:
                OnAbandoned(abandoned);
                break;
            case DueTime:
                Record(RunnerDecisions.Due(_state, _daemon.Epoch, _daemon.Moment), Follow);
                break;
            case SilenceProtocol.Idle idle:
                Note(RunnerSilence.Decide(_state, idle.Attempt, idle: true, now));
                break;
            case SilenceProtocol.Active active:
                Note(RunnerSilence.Decide(_state, active.Attempt, idle: false, now));
                break;
            case LogStreamProtocol.Subscribe or LogStreamProtocol.Unsubscribe:
                _ears.Log.Forward(message);
                break;
            case StopAsked asked:
                OnStopAsked(asked);
                break;
            case ReceiveTimeout:
                Context.SetReceiveTimeout(null);
                if (!_state.IsLive)
                {
                    Context.Parent.Tell(new SupervisorActor.RunnerDone(_id));
                }

                break;
            case Terminated:
                throw new InvalidOperationException("a part of what looks after the session failed");
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>
    /// Ends are carried out even when they cannot be written down; the answer says so. Facts are true all the same: who waits for them is
    /// answered, and the next life learns them again.
    /// </summary>
    protected override void OnPersistFailure(JournalException cause, IReadOnlyList<object> events)
    {
        if (events.OfType<StopRequested>().FirstOrDefault() is { } stop)
        {
            _ = UnwrittenStop.Run(_daemon, _id, stop.Signal, stop.GraceMs).PipeTo(Sender);
            return;
        }

        if (events.Any(e => e is AttemptStarted or AttemptEnded or SessionEnded))
        {
            _written = false;
            _state = events.OfType<ISessionEvent>().TakeWhile(e => e is AttemptStarted or AttemptEnded or SessionEnded).Aggregate(_state, (s, e) => s.Apply(e));
            AnswerWaiters();
            return;
        }

        Answer(Unavailable(cause?.Message));
    }

    protected override void OnUnavailable(object command, string reason)
    {
        switch (command)
        {
            case StopSession stop:
                _ = UnwrittenStop.Run(_daemon, _id, stop.Signal, stop.GraceMs).PipeTo(Sender);
                break;
            case ISessionCommand:
                Answer(Unavailable(reason));
                break;
            default:
                base.OnUnavailable(command, reason);
                break;
        }
    }

    protected override object? FailureReply(Exception cause, object? command) => command is ISessionCommand ? Unavailable(cause?.Message) : null;

    protected override object? BusyReply(object command) =>
        command is ISessionCommand ? new RefusedResult(_id, ErrorCode.Busy, $"session {_id} has too much to do", "ask again") : null;

    /// <summary>Nobody is left waiting by a runner that fails: an end is seen to without it, and of a start it is said that nobody knows.</summary>
    protected override void PostStop()
    {
        foreach (Waiter waiter in _waiters)
        {
            if (waiter.What == WaitFor.End)
            {
                _ = UnwrittenStop.Run(_daemon, _id, _state.Stop?.Signal, _state.Stop?.GraceMs).PipeTo(waiter.Sender);
            }
            else
            {
                waiter.Sender.Tell(Unavailable("it was decided on, and what became of it cannot be told now"));
            }
        }

        base.PostStop();
    }

    private RefusedResult Unavailable(string? why) =>
        new(_id, ErrorCode.JournalUnavailable, $"session {_id}: {why}", "free disk space, or see sup daemon status");

    protected override IReadOnlyList<ProjectionChange> ProjectionsOf(IReadOnlyList<object> events)
    {
        RunnerState state = events.OfType<ISessionEvent>().Aggregate(_state, (s, e) => s.Apply(e));
        return [new ProjectionChange("sessions", _id.Value, state.IsLive ? JsonSerializer.Serialize(state.Name ?? "", ProjectionJson.Default.String) : null)];
    }

    private void Take(Decision decision, WaitFor what, Action effect)
    {
        if (decision.Refusal is { } refusal)
        {
            Answer(refusal);
            return;
        }

        Waiter waiter = new(Sender, what, what == WaitFor.Start ? AttemptAfter(decision) : 0);
        bool repeated = decision.Events.IsEmpty;
        Record(decision, () =>
        {
            _failure = repeated ? _failure : null;
            _waiters.Add(waiter);
            if (!repeated)
            {
                effect();
            }

            AnswerWaiters();
        });
    }

    private int AttemptAfter(Decision decision) => decision.Events.OfType<AttemptRequested>().LastOrDefault()?.Attempt
        ?? decision.Events.OfType<RestartRequested>().LastOrDefault()?.Next
        ?? _state.Next ?? _state.Attempt;

    private void Record(Decision decision, Action then)
    {
        if (decision.Events.IsEmpty)
        {
            then();
            return;
        }

        PersistAll([.. decision.Events], happened => _state = _state.Apply((ISessionEvent)happened), () =>
        {
            CrashPoint.Pass("after-persist");
            then();
        });
    }

    /// <summary>Not awaited: when the machine dies with it, the next daemon finds the silence anew.</summary>
    private void Note(ISessionEvent? happened)
    {
        if (happened is not null)
        {
            PersistUnawaited(happened);
            _state = _state.Apply(happened);
            _terminal.Tell(new PtyProtocol.Note(_state.IsIdle));
        }
    }

    private void OnStop(StopSession stop, DateTime now)
    {
        bool waits = _state.Phase == RunnerPhase.Backoff;
        Take(RunnerDecisions.Stop(_state, stop, now), WaitFor.End, () =>
        {
            // Its keeper may be stopped, or gone: whoever asks the owner sees to that.
            SendStop(_state.Stop!);
            _terminal.Tell(waits ? new PtyProtocol.Close(UserStop) : PtyProtocol.NoReplace.Instance);
        });
    }

    private void OnNoKeeper(PtyProtocol.NoKeeper refused, DateTime now)
    {
        _failure = new RefusedResult(_id, refused.Code, refused.Message);
        Decision again = refused.Code is ErrorCode.SessionLost ? Decision.Nothing : RunnerDecisions.NoKeeper(_state, _daemon.Epoch, _daemon.Moment);
        if (!again.Events.IsEmpty)
        {
            Record(again, Follow);
        }
        else if (_state is { Phase: RunnerPhase.Starting, Attempt: > 1 })
        {
            // There is a folder; its end is to be written there too.
            _terminal.Tell(new PtyProtocol.Close(null));
        }
        else
        {
            Record(RunnerDecisions.End(_state, NeverStarted(refused.Message, now), _daemon.Epoch, now), Finish);
        }
    }

    /// <summary>Nobody owns the session, and no end was written: it is started again, waits for that, or is lost.</summary>
    private void OnAbandoned(PtyProtocol.Abandoned abandoned)
    {
        Decision decision = RunnerDecisions.Abandoned(_state, abandoned.Last, abandoned.Rebooted, _daemon.Epoch, _daemon.Moment);
        if (decision.Events.IsEmpty && (_state.Phase != RunnerPhase.Backoff || abandoned.Rebooted))
        {
            _terminal.Tell(new PtyProtocol.Close(_state.Stop is not null ? UserStop : _state.Closing));
        }
        else
        {
            Record(decision, Follow);
        }
    }

    /// <summary>Has the next attempt begun, waits for its time, or has the end written, as the state has it.</summary>
    private void Follow()
    {
        switch (_state)
        {
            case { Phase: RunnerPhase.Starting }:
                _terminal.Tell(new PtyProtocol.Join(_state.Attempt, _state.Attempt, _state.IsByPolicy));
                break;
            case { Phase: RunnerPhase.Backoff }:
                WaitForDue();
                break;
            case { Stop: not null } when _state.EndedAttempt == _state.Attempt:
                _terminal.Tell(new PtyProtocol.Close(UserStop));
                break;
            case { Closing: { } reason }:
                _terminal.Tell(new PtyProtocol.Close(reason));
                break;
            default:
                break;
        }

        AnswerWaiters();
    }

    private void WaitForDue()
    {
        TimeSpan left = TimeSpan.FromMilliseconds(RunnerDecisions.Remaining(_state.Due!, _daemon.Moment));
        _terminal.Tell(new PtyProtocol.Wait(_state.Due!.Attempt, left));
        Timers.StartSingleTimer(nameof(DueTime), DueTime.Instance, left < LongestTimer ? left : LongestTimer);
    }

    private void AfterRestart()
    {
        if (_state.Phase == RunnerPhase.Starting)
        {
            _terminal.Tell(new PtyProtocol.Join(_state.Attempt, _state.Attempt));
        }
        else
        {
            Replace();
        }
    }

    private void Replace()
    {
        if (_state.Next is { } next)
        {
            _terminal.Tell(new PtyProtocol.Replace(next));
        }
    }

    private void Learned(AttemptFact fact)
    {
        if (!fact.HasEnded && _state is { IsLive: true, Stop: { } stop } && fact.Attempt == _state.Attempt)
        {
            // Asked for while it was being started.
            SendStop(stop);
        }

        RunnerSilence.Direct(_ears.Silence, _state, isFresh: true);
        if (fact.HasEnded)
        {
            Follow();
        }

        AnswerWaiters();
    }

    private void SendStop(StopRequested stop)
    {
        _ = OwnerStop.Ask(_daemon.Root, _id, stop.Signal, stop.GraceMs)
            .PipeTo(Self, success: begun => new StopAsked(begun, null), failure: e => new StopAsked(false, e));
    }

    /// <summary>Who waits for an end that may never come is told so. The wish stays written down.</summary>
    private void OnStopAsked(StopAsked asked)
    {
        if (asked.Begun)
        {
            return;
        }

        SupException? failure = asked.Failure as SupException;
        RefusedResult refusal = asked.Failure is null
            ? new RefusedResult(_id, ErrorCode.Timeout, $"session {_id} cannot be seen to its end: its owner does not answer; its command was ended without it")
            : new RefusedResult(_id, failure?.Code ?? ErrorCode.Internal, asked.Failure.Message, failure?.Hint);
        Context.GetLogger().Warning("session {0} cannot be stopped: {1}", _id, refusal.Message);
        foreach (Waiter waiter in _waiters.FindAll(w => w.What == WaitFor.End))
        {
            waiter.Sender.Tell(refusal);
            _waiters.Remove(waiter);
        }
    }

    private void Finish()
    {
        RunnerSilence.Direct(_ears.Silence, _state, isFresh: false);
        AnswerWaiters();
        if (_state.Phase == RunnerPhase.Starting)
        {
            _terminal.Tell(new PtyProtocol.Join(_state.Attempt, _state.Attempt));
        }

        if (_state.Phase == RunnerPhase.Ended)
        {
            Context.Parent.Tell(new SupervisorActor.RunnerDone(_id));
        }
    }

    private void AnswerWaiters()
    {
        for (int i = _waiters.Count - 1; i >= 0; i--)
        {
            if (ReplyTo(_waiters[i]) is { } reply)
            {
                CrashPoint.Pass("before-reply");
                _waiters[i].Sender.Tell(reply);
                _waiters.RemoveAt(i);
            }
        }
    }

    private IReply? ReplyTo(Waiter waiter)
    {
        if (waiter.What == WaitFor.End)
        {
            return _state.End is { } end ? new EndedResult(_id, end, _written) : null;
        }

        if (_state.Attempt >= waiter.Attempt && _state.Pid is { } pid)
        {
            return new StartedResult(_id, _state.Attempt, pid);
        }

        if (_failure is not null && (!_state.IsLive || _state.EndedAttempt >= waiter.Attempt))
        {
            return _failure;
        }

        // A command that was over before it could be looked at has started all the same.
        return _state.End switch
        {
            null => null,
            { } early when early.Attempt < waiter.Attempt => null,
            { State: "failed" } failed => _failure ?? new RefusedResult(_id, ErrorCode.Internal, failed.Error ?? "it did not start"),
            { State: "lost" } => new RefusedResult(_id, ErrorCode.SessionLost, $"session {_id} is lost: its keeper died when it began", $"sup show {_id} tells what is left of it"),
            { } end => new StartedResult(_id, end.Attempt, 0),
        };
    }

    private SessionFinal NeverStarted(string why, DateTime now) => new()
    {
        Id = _id.Value,
        Attempt = Math.Max(1, _state.Attempt),
        State = SessionState.Failed.Word(),
        EndReason = "start-failed",
        EndedAt = now,
        DurationSeconds = 0,
        OutputBytes = 0,
        Error = why,
    };

    /// <param name="Begun">The owner has taken it on, or is gone.</param>
    /// <param name="Failure">Why it could not be asked; null where it hangs.</param>
    private sealed record StopAsked(bool Begun, Exception? Failure);

    private sealed record DueTime
    {
        public static DueTime Instance { get; } = new();
    }

    private enum WaitFor
    {
        Start,
        End,
    }

    private sealed record Waiter(IActorRef Sender, WaitFor What, int Attempt);
}
