using Supervisor.Actors.Sessions;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>One event in each silence, of the attempt that runs.</summary>
public sealed class RunnerSilenceTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly RunnerState Running = Play(
        RunnerState.Empty, new SessionRequested("web", ["true"], "/", "r1", Now), new AttemptRequested(1, 1, null, Now), new AttemptStarted(1, 10, 100, Now));

    [Fact]
    public void A_silence_begins_and_ends_once()
    {
        ISessionEvent begun = RunnerSilence.Decide(Running, 1, idle: true, Now)!;
        Assert.Equal(new SessionIdle(1, Now), begun);
        RunnerState idle = Running.Apply(begun);
        Assert.True(idle.IsIdle);
        Assert.Null(RunnerSilence.Decide(idle, 1, idle: true, Now));
        ISessionEvent ended = RunnerSilence.Decide(idle, 1, idle: false, Now)!;
        Assert.Equal(new SessionActive(1, Now), ended);
        Assert.False(idle.Apply(ended).IsIdle);
        Assert.Null(RunnerSilence.Decide(Running, 1, idle: false, Now));
    }

    [Fact]
    public void What_is_heard_late_or_of_an_end_changes_nothing()
    {
        Assert.Null(RunnerSilence.Decide(RunnerState.Empty, 1, idle: true, Now));
        Assert.Null(RunnerSilence.Decide(Running, 2, idle: true, Now));
        Assert.Null(RunnerSilence.Decide(Play(Running, new StopRequested(null, null, null, Now)), 1, idle: true, Now));
        Assert.Throws<InvalidOperationException>(() => Running.Apply(new SessionActive(1, Now)));
    }

    [Fact]
    public void The_next_attempt_is_not_silent()
    {
        RunnerState next = Play(
            Running, new SessionIdle(1, Now), new RestartRequested(2, "r2", Now), new AttemptEnded(1, 0, null, Now), new AttemptStarted(2, 20, 200, Now));
        Assert.False(next.IsIdle);
        Assert.NotNull(RunnerSilence.Decide(next, 2, idle: true, Now));
    }

    private static RunnerState Play(RunnerState state, params ISessionEvent[] events) => events.Aggregate(state, (s, e) => s.Apply(e));
}
