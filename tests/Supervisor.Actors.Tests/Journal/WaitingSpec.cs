using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>docs/design/event-sourcing.md, "Waiting" and "Restarts".</summary>
public sealed class WaitingSpec : LedgerFixture
{
    [Fact]
    public async Task Twenty_thousand_waiting_commands_are_each_moved_once()
    {
        const int Count = 20_000;
        Settings = new EventSourcedSettings { StashCapacity = Count };
        Journal.Next(AppendFault.Hold);
        long ends = CountingMailbox.Ends;
        long fronts = CountingMailbox.Fronts;
        IActorRef ledger = Test.System.ActorOf(Ledger.Props(Id, Access, Witness.Ref).WithMailbox("counting-mailbox"));
        for (int i = 0; i < Count; i++)
        {
            Probe.Tell(ledger, new Ledger.Add($"{i}"));
        }

        await Journal.SeenAsync();
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        for (int i = 1; i <= Count; i++)
        {
            Assert.Equal(i, (await Probe.ExpectAsync<Ledger.Saw>()).SequenceNr);
        }

        // Each command once, and once more when its turn comes; the answers of the journal; a few of recovery and of this test.
        Assert.InRange(CountingMailbox.Ends - ends, 2 * Count, (2 * Count) + 10);
        Assert.InRange(CountingMailbox.Fronts - fronts, Count - 10, Count);
    }

    [Fact]
    public async Task Who_finds_no_room_is_told_so_and_there_is_room_again_afterwards()
    {
        Settings = new EventSourcedSettings { StashCapacity = 2 };
        Journal.Next(AppendFault.Hold);
        IActorRef ledger = await StartAsync();
        for (int i = 1; i <= 5; i++)
        {
            Probe.Tell(ledger, new Ledger.Add($"{i}"));
        }

        await Probe.ExpectAsync(new Busy(Id));
        await Probe.ExpectAsync(new Busy(Id));
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "1"));
        await Probe.ExpectAsync(Saw("added", 2, "1,2"));
        await Probe.ExpectAsync(Saw("added", 3, "1,2,3"));
        Journal.Next(AppendFault.Hold);
        Probe.Tell(ledger, new Ledger.Add("4"));
        Probe.Tell(ledger, new Ledger.Add("5"));
        Probe.Tell(ledger, new Ledger.Add("6"));
        Probe.Tell(ledger, new Ledger.Add("7"));
        await Probe.ExpectAsync(new Busy(Id));
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 4, "1,2,3,4"));
    }

    [Fact]
    public async Task Its_own_messages_timers_and_the_end_of_the_watched_are_never_turned_away()
    {
        Settings = new EventSourcedSettings { StashCapacity = 0 };
        IActorRef watched = new Probe(Test.System, "watched").Ref;
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.WatchThis(watched));
        Probe.Tell(ledger, new Ledger.Remind("reminded", TimeSpan.FromMinutes(1)));
        await Test.Time.ScheduledAsync(TimeSpan.FromMinutes(1));
        Journal.Next(AppendFault.Hold);
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Journal.SeenAsync();
        Test.System.Stop(watched);
        await Probe.WatchAsync(watched);
        await Probe.ExpectTerminatedAsync(watched);
        ledger.Tell(new Ledger.Get(), ledger);
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectAsync(new Busy(Id));
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        await Witness.ExpectAsync(Saw("ended", 1, "watched"));
    }

    [Fact]
    public async Task A_timer_that_waited_and_was_cancelled_meanwhile_stays_cancelled()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Remind("never", TimeSpan.FromSeconds(3)));
        await Test.Time.ScheduledAsync(TimeSpan.FromSeconds(3));
        Journal.Next(AppendFault.Hold);
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Journal.SeenAsync();
        Probe.Tell(ledger, new Ledger.Forget());
        await Probe.ExpectNothingAsync(ledger);
        Test.Time.Advance(TimeSpan.FromSeconds(3));
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        await Probe.ExpectAsync(Saw("added", 2, "a,forgot"));
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectAsync<Ledger.Saw>();
        await Witness.ExpectNothingAsync(ledger);
    }

    [Fact]
    public async Task A_timer_that_waited_comes_in_its_turn()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Remind("reminded", TimeSpan.FromSeconds(3)));
        await Test.Time.ScheduledAsync(TimeSpan.FromSeconds(3));
        Journal.Next(AppendFault.Hold);
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Journal.SeenAsync();
        Test.Time.Advance(TimeSpan.FromSeconds(3));
        await Witness.ExpectNothingAsync(ledger);
        Journal.Release();
        await Witness.ExpectAsync(Saw("reminded", 1, "a"));
    }

    [Fact]
    public async Task A_command_that_throws_is_answered_and_those_that_wait_are_handled_in_their_order_by_the_next_life()
    {
        Journal.Next(AppendFault.Hold);
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Throw());
        Probe.Tell(ledger, new Ledger.Add("b"));
        Probe.Tell(ledger, new Ledger.Add("c"));
        Probe.Tell(ledger, new Ledger.Get());
        await Journal.SeenAsync();
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        Assert.Equal("command", (await Probe.ExpectAsync<Status.Failure>()).Cause.Message);
        await Probe.ExpectAsync(Saw("added", 2, "a,b"));
        await Probe.ExpectAsync(Saw("added", 3, "a,b,c"));
        await Probe.ExpectAsync(Saw("state", 3, "a,b,c"));
    }

    [Fact]
    public async Task A_handler_that_throws_loses_no_event()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.ThrowInHandler());
        Probe.Tell(ledger, new Ledger.Get());
        Assert.Equal("handler", (await Probe.ExpectAsync<Status.Failure>()).Cause.Message);
        await Probe.ExpectAsync(Saw("state", 1, "stored"));
    }

    [Fact]
    public async Task An_answer_of_the_journal_to_an_earlier_life_is_dropped()
    {
        // A sibling that fails takes the ledger through a restart in the middle of a persist.
        Journal.Next(AppendFault.HoldAndFail, AppendFault.Hold);
        IActorRef parent = Test.System.ActorOf(Props.Create(() => new AllRestart(Ledger.Props(Id, Access, Witness.Ref))));
        Probe.Tell(parent, "children");
        (IActorRef ledger, IActorRef sibling) = await Probe.ExpectAsync<(IActorRef, IActorRef)>();
        await Witness.ExpectAsync(Saw("recovered", 0, ""));
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Journal.SeenAsync();
        Probe.Tell(ledger, new Ledger.Add("b"));
        await Probe.ExpectNothingAsync(ledger);
        sibling.Tell("fail");
        Assert.Equal("sibling", (await Probe.ExpectAsync<Status.Failure>()).Cause.Message);
        await Witness.ExpectAsync(Saw("recovered", 0, ""));

        // The next life waits for the same sequence number when the answer to the earlier one comes.
        await Journal.SeenAsync();
        Journal.ReleaseFailures();
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "b"));
        Assert.Equal("b", await StoredAsync());
    }

    [Fact]
    public async Task A_restart_between_commands_answers_nobody_again()
    {
        IActorRef parent = Test.System.ActorOf(Props.Create(() => new AllRestart(Ledger.Props(Id, Access, Witness.Ref))));
        Probe.Tell(parent, "children");
        (IActorRef ledger, IActorRef sibling) = await Probe.ExpectAsync<(IActorRef, IActorRef)>();
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        await Witness.ExpectAsync(Saw("recovered", 0, ""));
        sibling.Tell("fail");
        await Witness.ExpectAsync(Saw("recover", 1, "a"));
        await Probe.ExpectNothingAsync(ledger);
    }

    private sealed class AllRestart : UntypedActor
    {
        private readonly IActorRef _ledger;
        private readonly IActorRef _sibling;

        public AllRestart(Props ledger)
        {
            _ledger = Context.ActorOf(ledger);
            _sibling = Context.ActorOf(Props.Create(() => new Failing()));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(3, TimeSpan.FromMinutes(1), _ => Directive.Restart);

        protected override void OnReceive(object message) => Sender.Tell((_ledger, _sibling));
    }

    private sealed class Failing : UntypedActor
    {
        protected override void OnReceive(object message) => throw new InvalidOperationException("sibling");
    }
}
