using FsCheck;
using FsCheck.Fluent;
using Supervisor.Actors.Sessions;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>For any sequence of exits, stops and daemon deaths, the number and the times of the attempts are what a small model says.</summary>
public sealed class RestartPolicyTests
{
    private const long Delay = 1000;
    private const long MaxDelay = 10_000;
    private const long Reset = 60_000;
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly SessionId Id = SessionId.TryParse("one", out SessionId id) ? id : default;

    [Fact]
    public void The_attempts_are_as_many_and_begin_as_the_model_says()
    {
        Gen<Life> lives = from runs in Gen.Choose(0, 100_000).ListOf(12)
                          from codes in Gen.Choose(0, 2).ListOf(12)
                          from down in Gen.Choose(0, 40_000).ListOf(12)
                          from policy in Gen.Elements("no", "on-failure", "on-failure:1", "on-failure:3", "always", "unless-stopped")
                          from stop in Gen.Choose(-8, 11)
                          select new Life(policy, [.. runs], [.. codes], [.. down], stop);
        Prop.ForAll(lives.ToArbitrary(), life => Assert.Equal(Model(life), Played(life))).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(0, 0.0, 1000)]
    [InlineData(0, 1.0, 900)]
    [InlineData(1, 0.0, 2000)]
    [InlineData(3, 0.5, 7600)]
    [InlineData(4, 0.0, 10_000)]
    [InlineData(4, 1.0, 9000)]
    [InlineData(5000, 1.0, 9000)]
    public void A_delay_doubles_with_some_jitter_up_to_its_cap(int restarts, double chance, long expected) =>
        Assert.Equal(expected, Rules("always").Delay(restarts, chance));

    [Theory]
    [InlineData(0, null, true)]
    [InlineData(130, null, true)]
    [InlineData(null, "SIGINT", true)]
    [InlineData(null, "SIGTERM", false)]
    [InlineData(1, null, false)]
    [InlineData(null, null, false)]
    public void Success_codes_cover_signals_too(int? code, string? signal, bool success) =>
        Assert.Equal(success, (Rules("on-failure") with { SuccessCodes = [0, 130] }).IsSuccess(code, signal));

    [Theory]
    [InlineData("no", false)]
    [InlineData("on-failure", false)]
    [InlineData("on-failure:5", false)]
    [InlineData("always", true)]
    [InlineData("unless-stopped", true)]
    public void After_a_reboot_what_ran_is_begun_by_its_policy(string policy, bool begins)
    {
        RunnerState state = Running(policy);
        Decision decision = RunnerDecisions.Abandoned(state, new AttemptFact(1, 10, 5, HasEnded: false, null, null), rebooted: true, 2, At(5) with { BootId = "next" });
        Assert.Equal(begins, decision.Events.Any(e => e is AttemptRequested { Attempt: 2 }));
    }

    [Fact]
    public void A_killed_keeper_is_a_failure_to_the_policy_and_a_loss_without_one()
    {
        AttemptFact alive = new(1, 10, 5, HasEnded: false, null, null);
        Assert.Empty(RunnerDecisions.Abandoned(Running("no"), alive, rebooted: false, 2, At(5)).Events);
        RunnerState next = Apply(Running("on-failure:1"), RunnerDecisions.Abandoned(Running("on-failure:1"), alive, rebooted: false, 2, At(5)));
        Assert.Equal((RunnerPhase.Backoff, 2), (next.Phase, next.Due!.Attempt));
    }

    [Fact]
    public void A_persons_stop_in_back_off_is_never_undone()
    {
        RunnerState state = BackingOff();
        state = Apply(state, RunnerDecisions.Stop(state, new StopSession(Id, "p", null, null), Start));
        Assert.Empty(RunnerDecisions.Due(state, 1, At(1_000_000)).Events);
        Assert.Empty(RunnerDecisions.Learn(state, new AttemptFact(1, 10, 5, HasEnded: true, 1, null), 1, At(1_000_000)).Events);
        Assert.Equal(RunnerPhase.Stopping, state.Phase);
    }

    [Fact]
    public void A_restart_by_hand_in_back_off_begins_at_once_and_the_count_anew()
    {
        RunnerState state = BackingOff();
        state = Apply(state, RunnerDecisions.Restart(state, new RestartSession(Id, "p", null), 1, Start));
        Assert.Equal((RunnerPhase.Starting, 2, 0), (state.Phase, state.Attempt, state.Restarts));
    }

    [Fact]
    public void The_end_heard_again_in_back_off_changes_nothing() =>
        Assert.Empty(RunnerDecisions.Learn(BackingOff(), new AttemptFact(1, 10, 5, HasEnded: true, 1, null), 1, At(100)).Events);

    [Fact]
    public void The_clock_set_forward_by_a_day_neither_hurries_nor_resets()
    {
        RunnerState state = BackingOff();
        DecisionTime tomorrow = At(100) with { Now = Start.AddDays(1) };
        Assert.Empty(RunnerDecisions.Due(state, 1, tomorrow).Events);
        Assert.InRange(RunnerDecisions.Remaining(state.Due!, tomorrow), 800, 1100);
        RunnerState again = Apply(state, RunnerDecisions.Due(state, 1, At(2000)));
        again = Apply(again, RunnerDecisions.Learn(again, new AttemptFact(2, 11, 5, HasEnded: true, 1, null, UptimeMs: 10, EndedAgoMs: 0), 1, At(2010) with { Now = Start.AddDays(1) }));
        Assert.Equal(2, again.Due!.Restarts);
    }

    [Fact]
    public void A_delay_goes_on_while_the_machine_sleeps()
    {
        // Boot time counts sleep, and so the attempt is due at the first look after it.
        RunnerState state = BackingOff();
        Assert.Single(RunnerDecisions.Due(state, 1, At(3_600_000)).Events);
    }

    [Fact]
    public void A_policy_is_written_down_with_the_request()
    {
        string file = Path.Combine(Testing.GoldenEvents.Folder(), "session-requested.1.restart.json");
        SessionRequested requested = new("web", ["npm"], "/", "r", Start, Rules("on-failure:3"));
        Assert.Equal(File.ReadAllText(file).TrimEnd('\n'), System.Text.Encoding.UTF8.GetString(RunnerEvents.Registry.Serialize(requested).Payload));
        SessionRequested read = (SessionRequested)RunnerEvents.Registry.Deserialize("session-requested/1", File.ReadAllBytes(file));
        Assert.Equal((requested.Restart!.Policy, requested.Restart.MaxDelayMs), (read.Restart!.Policy, read.Restart.MaxDelayMs));
    }

    /// <summary>When each attempt begins, in milliseconds, and at last the reason of the end, or -1 when it goes on.</summary>
    private static List<long> Model(Life life)
    {
        List<long> begins = [0];
        (long t, int restarts) = (0, 0);
        RestartPolicy policy = RestartPolicy.TryParse(life.Policy, out RestartPolicy p) ? p : default;
        for (int i = 0; i < life.Runs.Length; i++)
        {
            restarts = life.Runs[i] >= Reset ? 0 : restarts;
            bool follows = policy.Mode != RestartMode.No && (policy.Mode != RestartMode.OnFailure || (life.Codes[i] != 0 && restarts < (policy.MaxRestarts ?? int.MaxValue)));
            if (life.StopAt == i || !follows)
            {
                return begins;
            }

            t = Math.Max(t + life.Runs[i] + Math.Min(MaxDelay, Delay << restarts++), t + life.Runs[i] + life.Down[i]);
            begins.Add(t);
        }

        return begins;
    }

    /// <summary>The same, by the decisions. The daemon dies at the end of each attempt, and comes back some time later.</summary>
    private static List<long> Played(Life life)
    {
        RunnerState state = RunnerState.Empty;
        List<ISessionEvent> history = [];
        List<long> begins = [];
        long t = 0;
        Do(RunnerDecisions.Start(state, new StartSession(Id, "s", Spec(life.Policy)), 1, Start));
        for (int i = 0; i < life.Runs.Length && state.Phase == RunnerPhase.Starting; i++)
        {
            begins.Add(t);
            Do(RunnerDecisions.Learn(state, new AttemptFact(state.Attempt, 10 + i, 5, HasEnded: false, null, null), 1, At(t)));
            t += life.Runs[i];
            if (life.StopAt == i)
            {
                Do(RunnerDecisions.Stop(state, new StopSession(Id, "p", null, null), Start));
            }

            // Told when the daemon is back, and told twice.
            long back = t + life.Down[i];
            AttemptFact end = new(state.Attempt, 10 + i, 5, HasEnded: true, life.Codes[i], null, life.Runs[i], life.Down[i]);
            Do(RunnerDecisions.Learn(state, end, 1, At(back)));
            Do(RunnerDecisions.Learn(state, end, 1, At(back)));
            state = history.Aggregate(RunnerState.Empty, (s, e) => s.Apply(e));
            Do(RunnerDecisions.Due(state, 1, At(back)));
            t = back;
            if (state.Due is { } due)
            {
                Do(RunnerDecisions.Due(state, 1, At(due.DueBootMs - 1)));
                Assert.Equal(RunnerPhase.Backoff, state.Phase);
                t = due.DueBootMs;
                Do(RunnerDecisions.Due(state, 1, At(t)));
            }
        }

        if (state.Phase == RunnerPhase.Starting)
        {
            begins.Add(t);
        }

        return begins;

        void Do(Decision decision)
        {
            history.AddRange(decision.Events);
            state = decision.Events.Aggregate(state, (s, e) => s.Apply(e));
        }
    }

    private static RunnerState BackingOff()
    {
        RunnerState state = Running("always");
        return Apply(state, RunnerDecisions.Learn(state, new AttemptFact(1, 10, 5, HasEnded: true, 1, null, UptimeMs: 10, EndedAgoMs: 0), 1, At(10)));
    }

    private static RunnerState Running(string policy)
    {
        RunnerState state = Apply(RunnerState.Empty, RunnerDecisions.Start(RunnerState.Empty, new StartSession(Id, "s", Spec(policy)), 1, Start));
        return Apply(state, RunnerDecisions.Learn(state, new AttemptFact(1, 10, 5, HasEnded: false, null, null), 1, At(0)));
    }

    private static RunnerState Apply(RunnerState state, Decision decision) => decision.Events.Aggregate(state, (s, e) => s.Apply(e));

    private static DecisionTime At(long milliseconds) => new(Start.AddMilliseconds(milliseconds), "boot", milliseconds, 0);

    private static RestartRules Rules(string policy) => RestartRules.Of(Spec(policy));

    private static SessionSpec Spec(string policy) => new()
    {
        Id = "one",
        Command = ["true"u8.ToArray()],
        Environment = [],
        WorkingDirectory = "/",
        RetentionSeconds = 1,
        MaxOutputBytes = 1,
        Restart = policy,
        RestartDelayMs = Delay,
        RestartMaxDelayMs = MaxDelay,
        RestartResetMs = Reset,
    };

    private sealed record Life(string Policy, int[] Runs, int[] Codes, int[] Down, int StopAt);
}
