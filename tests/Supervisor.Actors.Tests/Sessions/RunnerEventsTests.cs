using Supervisor.Actors.Sessions;
using Supervisor.Actors.Tests.Testing;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>What a journal holds today, it can be read by any later version.</summary>
public sealed class RunnerEventsTests
{
    private static readonly DateTime At = new(2026, 11, 21, 12, 30, 45, 123, DateTimeKind.Utc);

    [Fact]
    public void The_events_of_sessions_are_written_and_read_as_ever() => GoldenEvents.Check(
        RunnerEvents.Registry,
        GoldenEvents.Folder(),
        new SessionRequested("web", ["npm", "run", "dev"], "/home/u/app", "r1", At),
        new SessionAdopted("web", ["npm", "run", "dev"], 3, At),
        new SessionObserved("build", ["make", "all"], "/home/u/app", "external", 1, 4711, At.AddMinutes(-1), At),
        new AttemptRequested(2, 7, "r2", At),
        new AttemptStarted(2, 4711, 99120, At),
        new AttemptEnded(2, 3, null, At),
        new StopRequested("SIGINT", 5000, "r3", At),
        new SessionIdle(2, At),
        new SessionActive(2, At),
        new RestartRequested(3, "r4", At),
        new RestartScheduled(4, 2, 2100, At, "b00t", 99_000, At),
        new CloseRequested(3, "gave-up", At),
        new SessionEnded(3, "signaled", "user-stop", null, "SIGTERM", null, At));
}
