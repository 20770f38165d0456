using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Sessions;
using Supervisor.Actors.Tests.Testing;
using static Supervisor.Actors.Sessions.FeedProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>Every event once, in order, to all who follow; nobody is waited for.</summary>
public sealed class FeedActorTests : IAsyncLifetime
{
    private readonly TestSystem _system = new();
    private readonly MemoryJournal _journal = new();
    private readonly IActorRef _feed;
    private readonly Probe _caller;
    private long _sequence;

    public FeedActorTests()
    {
        AppendAsync().GetAwaiter().GetResult();
        _feed = _system.System.ActorOf(FeedActor.Props(_journal));
        _caller = _system.Probe();
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        await _journal.DisposeAsync();
    }

    [Fact]
    public async Task What_comes_after_the_position_comes_once_and_in_order()
    {
        Channel<JournalRow> events = Channel.CreateBounded<JournalRow>(2000);
        Assert.Equal(1, await SubscribeAsync(events));
        for (int i = 0; i < 1000; i++)
        {
            await AppendAsync();
        }

        for (long ordering = 2; ordering <= 1001; ordering++)
        {
            Assert.Equal(ordering, (await NextAsync(events)).Ordering);
        }
    }

    [Fact]
    public async Task With_nobody_there_it_keeps_up_without_reading()
    {
        await AppendAsync();
        await AppendAsync();
        Channel<JournalRow> events = Channel.CreateBounded<JournalRow>(10);
        long position = await SubscribeAsync(events);
        await AppendAsync();
        long ordering = position;
        while (ordering < 4)
        {
            Assert.Equal(++ordering, (await NextAsync(events)).Ordering);
        }
    }

    [Fact]
    public async Task One_that_does_not_keep_up_is_told_so_and_holds_nobody()
    {
        Channel<JournalRow> slow = Channel.CreateBounded<JournalRow>(2);
        Channel<JournalRow> quick = Channel.CreateBounded<JournalRow>(100);
        await SubscribeAsync(slow);
        await SubscribeAsync(quick);
        for (int i = 0; i < 5; i++)
        {
            await AppendAsync();
            await NextAsync(quick);
        }

        Assert.Equal(2, (await NextAsync(slow)).Ordering);
        Assert.Equal(3, (await NextAsync(slow)).Ordering);
        await Assert.ThrowsAsync<LaggedException>(() => slow.Reader.Completion.WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_has_left_is_forgotten_and_with_its_end_the_others_are_let_go()
    {
        Channel<JournalRow> left = Channel.CreateBounded<JournalRow>(2);
        Channel<JournalRow> stays = Channel.CreateBounded<JournalRow>(2);
        await SubscribeAsync(left);
        await SubscribeAsync(stays);
        _feed.Tell(new Unsubscribe(left.Writer));
        await AppendAsync();
        await NextAsync(stays);
        _feed.Tell(PoisonPill.Instance);
        await stays.Reader.Completion.WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken);
        Assert.False(left.Reader.Completion.IsCompleted);
        Assert.False(left.Reader.TryRead(out _));
    }

    private async Task<long> SubscribeAsync(Channel<JournalRow> events)
    {
        _caller.Tell(_feed, new Subscribe(events.Writer));
        return (await _caller.ExpectAsync<Subscribed>()).Position;
    }

    private async Task AppendAsync()
    {
        byte[] payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{++_sequence}}}"));
        AppendResult result = await _journal.AppendAsync(new JournalAppend("runner/n/one", "w", [new JournalEvent(_sequence, "counted/1", payload)]));
        Assert.True(result.IsWritten);
    }

    private static Task<JournalRow> NextAsync(Channel<JournalRow> channel) =>
        channel.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Probe.Deadline, TestContext.Current.CancellationToken);
}
