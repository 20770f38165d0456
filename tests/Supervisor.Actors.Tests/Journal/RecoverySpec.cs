using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>docs/design/event-sourcing.md, "Recovering".</summary>
public sealed class RecoverySpec : LedgerFixture
{
    [Fact]
    public async Task The_snapshot_is_offered_then_the_events_after_it_then_recovery_is_complete()
    {
        await StoreAsync(new Added("a"), new Added("b"), new Added("c"), ("added/1", "{\"t\":\"old\",\"later\":[1]}"));
        SerializedEvent state = Ledger.Registry.Serialize(new LedgerState(["a", "b"]));
        await Journal.SaveSnapshotAsync(new JournalSnapshot(Id, 2, state.Manifest, state.Payload));
        Begin();
        await Witness.ExpectAsync(Saw("offer", 2, "a,b"));
        await Witness.ExpectAsync(Saw("recover", 3, "a,b,c"));
        await Witness.ExpectAsync(Saw("recover", 4, "a,b,c,old"));
        await Witness.ExpectAsync(Saw("recovered", 4, "a,b,c,old"));
    }

    [Fact]
    public async Task Commands_that_come_while_recovering_wait_in_their_order()
    {
        await StoreAsync(new Added("a"));
        Journal.HoldReplays = true;
        IActorRef ledger = Begin();
        Probe.Tell(ledger, new Ledger.Add("b"));
        Probe.Tell(ledger, new Ledger.Get());
        Probe.Tell(ledger, new Ledger.Add("c"));
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 2, "a,b"));
        await Probe.ExpectAsync(Saw("state", 2, "a,b"));
        await Probe.ExpectAsync(Saw("added", 3, "a,b,c"));
    }

    [Fact]
    public async Task A_history_longer_than_a_page_is_replayed_whole()
    {
        Settings = new EventSourcedSettings { ReplayPage = 3 };
        await StoreAsync([.. Enumerable.Range(1, 10).Select(i => (object)new Added($"{i}"))]);
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectAsync(Saw("state", 10, "1,2,3,4,5,6,7,8,9,10"));
    }

    [Fact]
    public async Task Nothing_can_be_persisted_while_recovering()
    {
        await StoreAsync(new Added("persist while recovering"));
        IActorRef ledger = Begin();
        await Probe.WatchAsync(ledger);
        Assert.Contains("recovering", (await Witness.ExpectAsync<Ledger.Saw>()).Log);
        await Probe.ExpectTerminatedAsync(ledger);
        Assert.Equal("persist while recovering", await StoredAsync());
    }

    [Fact]
    public async Task One_persist_is_allowed_when_recovery_is_complete_and_commands_wait_for_it()
    {
        await StoreAsync(new Added("a"), new Added("resume"));
        Journal.Next(AppendFault.Hold);
        IActorRef ledger = await StartAsync();
        await Journal.SeenAsync();
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        await Probe.ExpectAsync(Saw("state", 3, "a"));
    }

    [Fact]
    public async Task A_recovery_that_takes_too_long_stops_the_actor_and_gives_its_place_away()
    {
        ReplaysAtOnce = 1;
        Journal.HoldReplays = true;
        IActorRef ledger = Begin();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectNothingAsync(ledger);
        await Test.Time.PassAsync(Settings.RecoveryTimeout);
        Assert.Equal("unrecoverable", (await Witness.ExpectAsync<Ledger.Saw>()).What);
        Assert.IsType<ActorUnavailableException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        await Probe.ExpectTerminatedAsync(ledger);
        Journal.HoldReplays = false;
        await StartAsync("another");
    }

    [Fact]
    public async Task No_more_replay_at_once_than_allowed_and_all_get_their_turn()
    {
        ReplaysAtOnce = 3;
        Journal.HoldReplays = true;
        for (int i = 0; i < 12; i++)
        {
            Begin($"ledger/{i}");
        }

        int recovered = 0;
        while (recovered < 12)
        {
            using CancellationTokenSource deadline = new(Probe.Deadline);
            while (Journal.ReplayingNow < 3)
            {
                await Task.Delay(1, deadline.Token);
            }

            Journal.Release();
            for (int i = 0; i < 3; i++, recovered++)
            {
                Assert.Equal("recovered", (await Witness.ExpectAsync<Ledger.Saw>()).What);
            }
        }

        Assert.Equal(3, Journal.MostReplaying);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_stops_the_actor_and_who_waits_is_told()
    {
        Journal.FailReplays = true;
        Journal.HoldReplays = true;
        IActorRef ledger = Begin();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        Assert.Contains("damaged", (await Witness.ExpectAsync<Ledger.Saw>()).Log);
        await Probe.ExpectAsync<Status.Failure>();
        await Probe.ExpectAsync<Status.Failure>();
        await Probe.ExpectTerminatedAsync(ledger);
        Assert.Equal(0, Journal.Appends);
    }

    [Theory]
    [InlineData("added/9", "{}", "added/9 is not known")]
    [InlineData("added/2", "[1]", "not of that form")]
    [InlineData("added/2", "{\"text\":\"poison\"}", "cannot be applied")]
    public async Task An_event_that_cannot_be_read_or_applied_stops_the_actor_with_a_reason(string manifest, string json, string reason)
    {
        await StoreAsync(new Added("a"), (manifest, json));
        IActorRef ledger = Begin();
        await Probe.WatchAsync(ledger);
        Ledger.Saw last;
        while ((last = await Witness.ExpectAsync<Ledger.Saw>()).What == "recover")
        {
        }

        Assert.Equal("unrecoverable", last.What);
        Assert.Contains(reason, last.Log);
        await Probe.ExpectTerminatedAsync(ledger);
    }

    [Fact]
    public async Task A_history_with_missing_events_is_not_taken_for_whole()
    {
        await StoreAsync(new Added("a"), new Added("b"));
        await Journal.DeleteEventsAsync(Id, 1);
        IActorRef ledger = Begin();
        await Probe.WatchAsync(ledger);
        Assert.Contains("missing: 1 to 1", (await Witness.ExpectAsync<Ledger.Saw>()).Log);
        await Probe.ExpectTerminatedAsync(ledger);
    }

    [Fact]
    public async Task An_append_whose_answer_never_came_is_part_of_the_next_life()
    {
        Journal.Next(AppendFault.CommitAndHang);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Journal.SeenAsync();
        Test.System.Stop(ledger);
        Assert.IsType<ActorUnavailableException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        await Probe.ExpectTerminatedAsync(ledger);
        Begin();
        await Witness.ExpectAsync(Saw("recover", 1, "a"));
        await Witness.ExpectAsync(Saw("recovered", 1, "a"));
    }
}
