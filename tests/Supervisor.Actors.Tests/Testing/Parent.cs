using Akka.Actor;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>A parent whose child is under test: what the child tells it, a probe gets.</summary>
internal sealed class Parent : UntypedActor
{
    private readonly IActorRef _probe;

    public Parent(Props child, Probe probe)
    {
        _probe = probe.Ref;
        _probe.Tell(Context.ActorOf(child, "child"));
    }

    /// <summary>The child, once it is there.</summary>
    public static async Task<IActorRef> OfAsync(TestSystem system, Props child, Probe probe)
    {
        system.System.ActorOf(Props.Create(() => new Parent(child, probe)));
        return await probe.ExpectAsync<IActorRef>();
    }

    protected override void OnReceive(object message) => _probe.Forward(message);
}
