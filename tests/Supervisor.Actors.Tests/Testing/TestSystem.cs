using Akka.Actor;
using Akka.Configuration;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>An actor system of one test, on virtual time.</summary>
internal sealed class TestSystem : IAsyncDisposable
{
    private const string Settings = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          coordinated-shutdown.exit-clr = off
          scheduler.implementation = "Supervisor.Actors.Tests.Testing.VirtualScheduler, Supervisor.Actors.Tests"
        }
        """;

    public TestSystem(string more = "")
    {
        System = ActorSystem.Create("test", ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString(Settings)));
        Time = ((VirtualScheduler)System.Scheduler).Time;
    }

    public ActorSystem System { get; }

    public VirtualTime Time { get; }

    public Probe Probe() => new(System);

    public async ValueTask DisposeAsync()
    {
        // Shutting down uses the scheduler for its own time limits only.
        await System.Terminate().WaitAsync(TimeSpan.FromSeconds(20));
        System.Dispose();
    }
}
