using System.Threading.Channels;
using Akka.Actor;
using Supervisor.Actors.Sessions;
using Supervisor.Actors.Tests.Testing;
using static Supervisor.Actors.Sessions.LogStreamProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>Who wants to know how far a transcript goes is told, and nobody is waited for.</summary>
public sealed class LogStreamActorTests : IAsyncLifetime
{
    private readonly TestSystem _system = new();
    private readonly IActorRef _log;

    public LogStreamActorTests() => _log = _system.System.ActorOf(LogStreamActor.Props(_system.Time));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    [Fact]
    public async Task Followers_hear_of_growth_and_of_nothing_twice()
    {
        Probe follower = _system.Probe();
        follower.Tell(_log, Follow.Instance);
        _log.Tell(new EndIsNow(10));
        await follower.ExpectAsync(new EndMoved(10, null));
        _system.Time.Advance(TimeSpan.FromSeconds(5));
        _log.Tell(new EndIsNow(10));
        _log.Tell(new EndIsNow(20));
        await follower.ExpectAsync(new EndMoved(20, TimeSpan.FromSeconds(5).Ticks));
        await follower.ExpectNothingAsync(_log);
    }

    [Fact]
    public async Task A_subscriber_gets_the_present_end_and_those_that_follow()
    {
        _log.Tell(new EndIsNow(10));
        Channel<long> ends = Channel.CreateBounded<long>(4);
        _log.Tell(new Subscribe(ends.Writer));
        _log.Tell(new EndIsNow(20));
        Assert.Equal(10, await NextAsync(ends));
        Assert.Equal(20, await NextAsync(ends));
    }

    [Fact]
    public async Task One_that_does_not_keep_up_is_told_so_and_holds_nobody()
    {
        Channel<long> slow = Channel.CreateBounded<long>(2);
        Channel<long> quick = Channel.CreateBounded<long>(10);
        _log.Tell(new Subscribe(slow.Writer));
        _log.Tell(new Subscribe(quick.Writer));
        for (long end = 1; end <= 4; end++)
        {
            _log.Tell(new EndIsNow(end));
            Assert.Equal(end, await NextAsync(quick));
        }

        Assert.Equal(1, await NextAsync(slow));
        Assert.Equal(2, await NextAsync(slow));
        await Assert.ThrowsAsync<LaggedException>(() => slow.Reader.Completion.WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task With_its_end_all_are_let_go_but_those_that_left()
    {
        Channel<long> left = Channel.CreateBounded<long>(2);
        Channel<long> stays = Channel.CreateBounded<long>(2);
        _log.Tell(new Subscribe(left.Writer));
        _log.Tell(new Subscribe(stays.Writer));
        _log.Tell(new Unsubscribe(left.Writer));
        _log.Tell(PoisonPill.Instance);
        await stays.Reader.Completion.WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken);
        Assert.False(left.Reader.Completion.IsCompleted);
    }

    private static Task<long> NextAsync(Channel<long> channel) => channel.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken);
}
