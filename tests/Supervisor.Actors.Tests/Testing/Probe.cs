using System.Threading.Channels;
using Akka.Actor;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>An actor that keeps what it is told, for a test to look at in order. Every wait has a deadline and fails after it.</summary>
internal sealed class Probe
{
    private readonly Channel<(object Message, IActorRef Sender)> _received = Channel.CreateUnbounded<(object, IActorRef)>();
    private volatile Func<object, object?>? _autoReply;

    public Probe(IActorRefFactory system, string? name = null) =>
        Ref = system.ActorOf(Props.Create(() => new Ear(this)), name);

    /// <summary>How long anything may take that should happen.</summary>
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(20);

    public IActorRef Ref { get; }

    /// <summary>The sender of what was expected last.</summary>
    public IActorRef LastSender { get; private set; } = ActorRefs.Nobody;

    public void Tell(IActorRef to, object message) => to.Tell(message, Ref);

    /// <summary>From now on, answers what it is told, where the function gives an answer; it is kept too.</summary>
    public void AutoReply(Func<object, object?> reply) => _autoReply = reply;

    /// <summary>The next message, which has this type.</summary>
    public async Task<T> ExpectAsync<T>()
    {
        object message = await NextAsync(typeof(T).Name);
        return message is T expected ? expected : throw new Xunit.Sdk.XunitException($"expected {typeof(T).Name}, got {message}");
    }

    /// <summary>The next message, which is this one.</summary>
    public async Task ExpectAsync(object expected) => Assert.Equal(expected, await NextAsync(expected.ToString() ?? "?"));

    /// <summary>Nothing has come, and nothing comes until that actor has handled what was sent to it before this call.</summary>
    public async Task ExpectNothingAsync(IActorRef through)
    {
        object barrier = new();
        through.Tell(new Identify(barrier), Ref);
        ActorIdentity identity = await ExpectAsync<ActorIdentity>();
        Assert.Same(barrier, identity.MessageId);
    }

    /// <summary>Watches; returns when that is in effect.</summary>
    public async Task WatchAsync(IActorRef target)
    {
        Ref.Tell(new Watching(target));
        await ExpectAsync<Watching>();
    }

    /// <summary>The next message is that this actor, which is watched, has ended.</summary>
    public async Task ExpectTerminatedAsync(IActorRef target) => Assert.Equal(target, (await ExpectAsync<Terminated>()).ActorRef);

    private async Task<object> NextAsync(string expected)
    {
        using CancellationTokenSource deadline = new(Deadline);
        try
        {
            (object message, LastSender) = await _received.Reader.ReadAsync(deadline.Token);
            return message;
        }
        catch (OperationCanceledException e)
        {
            throw new Xunit.Sdk.XunitException($"expected {expected}, got nothing within {Deadline.TotalSeconds} s", e);
        }
    }

    private sealed record Watching(IActorRef Target);

    private sealed class Ear(Probe probe) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Watching watching)
            {
                Context.Watch(watching.Target);
            }

            probe._received.Writer.TryWrite((message, Sender));
            if (probe._autoReply?.Invoke(message) is { } reply)
            {
                Sender.Tell(reply);
            }
        }
    }
}
