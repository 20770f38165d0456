using FsCheck;
using FsCheck.Fluent;
using Supervisor.Actors.Sessions;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>
/// Whatever comes in whatever order (commands, facts early, late and twice, deaths and recoveries), no event is impossible, no number is decided
/// on twice, nothing runs twice, and the session can always be brought to an end.
/// </summary>
public sealed class RunnerStateTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly SessionId Id = SessionId.TryParse("one", out SessionId id) ? id : default;

    private static readonly DecisionTime Time = new(Now, "boot", 1000, 0.5);

    private static readonly SessionSpec Spec = new()
    {
        Id = "one",
        Command = ["true"u8.ToArray()],
        Environment = [],
        WorkingDirectory = "/",
        RetentionSeconds = 1,
        MaxOutputBytes = 1,
    };

    [Fact]
    public void No_interleaving_wedges_it_or_decides_on_an_attempt_twice()
    {
        Gen<(string, List<int>)> lives = from policy in Gen.Elements("no", "on-failure", "on-failure:2", "always", "unless-stopped")
                                         from steps in Gen.Choose(0, 999).ListOf(40)
                                         select (policy, steps.ToList());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(lives.ToArbitrary(), life => Assert.Null(Run(life.Item1, [.. life.Item2]))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_late_fact_of_an_older_attempt_changes_nothing(int late)
    {
        RunnerState state = Play(
            new SessionRequested("web", ["true"], "/", "r1", Now),
            new AttemptRequested(1, 1, null, Now),
            new AttemptStarted(1, 10, 100, Now),
            new RestartRequested(2, "r2", Now),
            new AttemptEnded(1, 0, null, Now),
            new AttemptStarted(2, 20, 200, Now));
        AttemptFact fact = late switch
        {
            0 => new AttemptFact(1, 10, 100, HasEnded: false, null, null),
            1 => new AttemptFact(1, 10, 100, HasEnded: true, 0, null),
            _ => new AttemptFact(2, 20, 200, HasEnded: false, null, null),
        };
        Assert.Empty(RunnerDecisions.Learn(state, fact, 1, Time).Events);
        Assert.Empty(RunnerDecisions.End(state, Final(1), 1, Now).Events);
    }

    [Fact]
    public void The_same_request_is_decided_on_once()
    {
        RunnerState state = RunnerState.Empty;
        state = Apply(state, RunnerDecisions.Start(state, new StartSession(Id, "r", Spec), 1, Now));
        Assert.Empty(RunnerDecisions.Start(state, new StartSession(Id, "r", Spec), 1, Now).Events);
        Assert.NotNull(RunnerDecisions.Start(state, new StartSession(Id, "other", Spec), 1, Now).Refusal);
    }

    [Fact]
    public void An_end_that_overtakes_a_restart_is_followed_by_the_next_attempt()
    {
        RunnerState state = Play(
            new SessionRequested("web", ["true"], "/", "r1", Now),
            new AttemptRequested(1, 1, null, Now),
            new AttemptStarted(1, 10, 100, Now),
            new RestartRequested(2, "r2", Now));
        state = Apply(state, RunnerDecisions.End(state, Final(1), 1, Now));
        Assert.Equal(RunnerPhase.Starting, state.Phase);
        Assert.Equal(2, state.Attempt);
    }

    [Fact]
    public void What_cannot_follow_throws()
    {
        Assert.Throws<InvalidOperationException>(() => RunnerState.Empty.Apply(new AttemptStarted(1, 10, null, Now)));
        Assert.Throws<InvalidOperationException>(() => RunnerState.Empty.Apply(new StopRequested(null, null, null, Now)));
    }

    /// <summary>Plays one interleaving against a model of a keeper. Null when all held, else what did not.</summary>
    private static string? Run(string policy, int[] steps)
    {
        RunnerState state = RunnerState.Empty;
        HashSet<int> decided = [];
        List<ISessionEvent> history = [];
        int request = 0;
        long clock = 0;
        foreach (int step in steps)
        {
            int attempt = Math.Max(0, state.Attempt - (step / 10 % 3) + 1);
            clock += step;
            DecisionTime time = Time with { BootMs = clock };
            Decision decision = (step % 13) switch
            {
                0 => RunnerDecisions.Start(state, new StartSession(Id, $"s{request++ % 5}", Spec with { Restart = policy, RestartDelayMs = 500 }), 1, Now),
                1 => RunnerDecisions.Stop(state, new StopSession(Id, $"p{request++ % 5}", null, null), Now),
                2 => RunnerDecisions.Restart(state, new RestartSession(Id, $"n{request++}", null), 1, Now),
                3 or 4 => RunnerDecisions.Learn(state, new AttemptFact(attempt, 10 + attempt, 5, HasEnded: false, null, null), 1, Time),
                5 => RunnerDecisions.Learn(state, new AttemptFact(attempt, 10 + attempt, 5, HasEnded: true, step % 2, null), 1, time),
                6 => RunnerDecisions.Learn(state, new AttemptFact(attempt, null, null, HasEnded: true, null, null), 1, time),
                7 => RunnerDecisions.End(state, Final(attempt), 1, Now),
                8 => RunnerDecisions.Adopt(state, new AdoptSession(Id, Meta(attempt)), Now),
                10 => RunnerDecisions.Due(state, 1, time),
                11 => RunnerDecisions.Abandoned(state, new AttemptFact(attempt, 10 + attempt, 5, HasEnded: false, null, null), rebooted: step % 2 == 0, 1, time),
                12 => RunnerDecisions.NoKeeper(state, 1, time),
                _ => Decision.Nothing,
            };
            foreach (ISessionEvent happened in decision.Events)
            {
                RunnerState before = state;
                state = state.Apply(happened);
                history.Add(happened);
                bool begins = state.Phase == RunnerPhase.Starting && (before.Phase != RunnerPhase.Starting || before.Attempt != state.Attempt);
                if (happened is RestartScheduled { Attempt: var again } && again == before.Attempt)
                {
                    // No keeper could be started: it was not begun.
                    decided.Remove(again);
                }

                if (begins && !decided.Add(state.Attempt))
                {
                    return $"attempt {state.Attempt} is begun twice";
                }
            }

            // A daemon that dies and comes back knows the same.
            if (step % 13 == 9 && !Same(state, history.Aggregate(RunnerState.Empty, (s, e) => s.Apply(e))))
            {
                return "recovered as something else";
            }
        }

        if (state.IsLive)
        {
            state = Apply(state, RunnerDecisions.Stop(state, new StopSession(Id, "last", null, null), Now));
            state = Apply(state, RunnerDecisions.End(state, Final(state.Attempt), 1, Now));
            return state.Phase == RunnerPhase.Ended ? null : "cannot be ended";
        }

        return null;
    }

    private static bool Same(RunnerState a, RunnerState b) =>
        (a.Phase, a.Attempt, a.Next, a.Pid, a.EndedAttempt, a.Stop, a.End) == (b.Phase, b.Attempt, b.Next, b.Pid, b.EndedAttempt, b.Stop, b.End);

    private static RunnerState Play(params ISessionEvent[] events) => events.Aggregate(RunnerState.Empty, (state, e) => state.Apply(e));

    private static RunnerState Apply(RunnerState state, Decision decision) => decision.Events.Aggregate(state, (s, e) => s.Apply(e));

    private static SessionFinal Final(int attempt) => new()
    {
        Id = "one",
        Attempt = attempt,
        State = "exited",
        EndReason = "exit",
        EndedAt = Now,
        DurationSeconds = 1,
        OutputBytes = 0,
    };

    private static SessionMeta Meta(int attempt) => new()
    {
        Id = "one",
        Command = ["true"],
        WorkingDirectory = "/",
        StartedAt = Now,
        RetentionSeconds = 1,
        TransportMode = "pipe",
        MaxOutputBytes = 1,
        Attempt = attempt,
        Pid = 7,
        BootId = "b",
        OwnerPid = 1,
        OwnerStartTime = 1,
        Host = "h",
    };
}
