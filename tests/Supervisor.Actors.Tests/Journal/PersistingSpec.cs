using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>docs/design/event-sourcing.md, "Persisting" and "Waiting".</summary>
public sealed class PersistingSpec : LedgerFixture
{
    [Fact]
    public async Task Nothing_is_applied_or_answered_before_it_is_durable_and_commands_wait_in_their_order()
    {
        Journal.Next(AppendFault.Hold);
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Get());
        Probe.Tell(ledger, new Ledger.Add("b"));
        Probe.Tell(ledger, new Ledger.Get());
        await Journal.SeenAsync();
        await Probe.ExpectNothingAsync(ledger);
        Assert.Equal("", await StoredAsync());
        Journal.Release();
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        await Probe.ExpectAsync(Saw("state", 1, "a"));
        await Probe.ExpectAsync(Saw("added", 2, "a,b"));
        await Probe.ExpectAsync(Saw("state", 2, "a,b"));
    }

    [Fact]
    public async Task Handlers_run_in_order_with_the_commands_sender_and_then_the_completion()
    {
        IActorRef ledger = await StartAsync();
        Probe other = Test.Probe();
        Probe.Tell(ledger, new Ledger.AddAll("a", "b", "c"));
        other.Tell(ledger, new Ledger.AddAll("d"));
        Probe.Tell(ledger, new Ledger.AddAll());
        await Probe.ExpectAsync(Saw("all", 3, "a,b,c"));
        await other.ExpectAsync(Saw("all", 4, "a,b,c,d"));
        await Probe.ExpectAsync(Saw("all", 4, "a,b,c,d"));
        Assert.Equal(ledger, Probe.LastSender);
    }

    [Fact]
    public async Task All_events_of_a_command_are_one_append_with_their_projections_and_tags()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.AddAll("a", "b"));
        await Probe.ExpectAsync<Ledger.Saw>();
        JournalAppend append = await Journal.SeenAsync();
        Assert.Equal([1L, 2], append.Events.Select(one => one.SequenceNumber));
        Assert.All(append.Events, one => Assert.Equal(("added/2", nameof(Added)), (one.Manifest, Assert.Single(one.Tags))));
        Assert.Equal([new ProjectionChange("sessions", Id, "{\"events\":2}")], append.Projections);
        Assert.Equal(1, Journal.Appends);
    }

    [Fact]
    public async Task There_is_one_persist_per_command()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.PersistTwice());
        Assert.Contains("one persist per command", (await Probe.ExpectAsync<Ledger.Saw>()).Log);
        await Probe.ExpectAsync(Saw("added", 1, "first"));
    }

    [Fact]
    public async Task A_handler_persists_nothing()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.PersistInHandler());
        Assert.Equal("refused", (await Probe.ExpectAsync<Ledger.Saw>()).What);
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Probe.ExpectAsync(Saw("added", 2, "a"));
    }

    [Fact]
    public async Task An_event_that_cannot_be_stored_is_an_error_for_its_sender_and_none_of_its_command_is_stored()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.AddUnstorable());
        Probe.Tell(ledger, new Ledger.Add("a"));
        Assert.IsType<EventFormatException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        Assert.Equal("a", await StoredAsync());
    }

    [Fact]
    public async Task A_failed_persist_applies_nothing_answers_everybody_and_stops_the_actor()
    {
        Journal.Next(AppendFault.Fail);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Get());
        Probe.Tell(ledger, new Ledger.Add("b"));
        JournalException failed = Assert.IsType<JournalException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.Equal((JournalStatus.Failed, "the disk is full"), (failed.Outcome.Status, failed.Outcome.Reason));
        Assert.IsType<ActorUnavailableException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.IsType<ActorUnavailableException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        await Probe.ExpectTerminatedAsync(ledger);
        Assert.Equal(1, Journal.Appends);
    }

    [Theory]
    [InlineData(nameof(AppendFault.CommitAndSayUnknown))]
    [InlineData(nameof(AppendFault.LoseAndSayUnknown))]
    [InlineData(nameof(AppendFault.Throw))]
    public async Task An_unknown_outcome_is_asked_for_again_and_the_event_is_there_once(string fault)
    {
        Journal.Next(Enum.Parse<AppendFault>(fault), Enum.Parse<AppendFault>(fault));
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Add("b"));
        await Test.Time.PassAsync(Settings.Retries[0]);
        await Test.Time.PassAsync(Settings.Retries[1]);
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        await Probe.ExpectAsync(Saw("added", 2, "a,b"));
        Assert.Equal("a,b", await StoredAsync());
        Assert.Equal(4, Journal.Appends);
    }

    [Fact]
    public async Task An_outcome_that_stays_unknown_stops_the_actor_and_the_journal_decides()
    {
        Journal.Next([.. Enumerable.Repeat(AppendFault.CommitAndSayUnknown, Settings.Retries.Count + 1)]);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Add("a"));
        foreach (TimeSpan retry in Settings.Retries)
        {
            await Test.Time.PassAsync(retry);
        }

        JournalException failed = Assert.IsType<JournalException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.Equal(JournalStatus.Unknown, failed.Outcome.Status);
        await Probe.ExpectTerminatedAsync(ledger);
        Begin();
        await Witness.ExpectAsync(Saw("recover", 1, "a"));
    }

    [Fact]
    public async Task A_persist_without_an_answer_stops_the_actor()
    {
        Journal.Next(AppendFault.Hang);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.Get());
        await Journal.SeenAsync();
        await Test.Time.PassAsync(Settings.PersistTimeout);
        Assert.IsType<JournalException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.IsType<ActorUnavailableException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        await Probe.ExpectTerminatedAsync(ledger);
    }

    [Fact]
    public async Task A_second_writer_of_the_same_history_is_found_out_and_stops()
    {
        IActorRef first = await StartAsync();
        IActorRef second = await StartAsync();
        await Probe.WatchAsync(second);
        Probe.Tell(first, new Ledger.Add("a"));
        await Probe.ExpectAsync(Saw("added", 1, "a"));
        Probe.Tell(second, new Ledger.Add("a"));
        JournalException failed = Assert.IsType<JournalException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.Equal(JournalStatus.Conflict, failed.Outcome.Status);
        await Probe.ExpectTerminatedAsync(second);
    }

    [Fact]
    public async Task After_a_persist_no_timer_of_it_is_left()
    {
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Probe.ExpectAsync<Ledger.Saw>();
        Assert.Equal(0, Test.Time.CountScheduled(Settings.PersistTimeout));
    }

    [Fact]
    public async Task An_unawaited_event_is_applied_at_once_and_keeps_its_place_before_later_ones()
    {
        Journal.Next(AppendFault.None, AppendFault.None);
        IActorRef ledger = await StartAsync();
        Probe.Tell(ledger, new Ledger.AddUnawaited("idle"));
        Probe.Tell(ledger, new Ledger.Add("a"));
        Probe.Tell(ledger, new Ledger.AddUnawaited("active"));
        await Probe.ExpectAsync(Saw("at once", 1, "idle"));
        await Probe.ExpectAsync(Saw("added", 2, "idle,a"));
        await Probe.ExpectAsync(Saw("at once", 3, "idle,a,active"));
        await Journal.SeenAsync();
        await Journal.SeenAsync();
        await Journal.SeenAsync();
        Assert.Equal("idle,a,active", await StoredAsync());
    }

    [Fact]
    public async Task An_unawaited_event_that_fails_stops_the_actor()
    {
        Journal.Next(AppendFault.Fail);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.AddUnawaited("idle"));
        await Probe.ExpectAsync(Saw("at once", 1, "idle"));
        await Probe.ExpectTerminatedAsync(ledger);
    }

    [Fact]
    public async Task A_persist_behind_an_unawaited_event_that_failed_fails_too_and_its_sender_is_told()
    {
        Journal.Next(AppendFault.HoldAndFail, AppendFault.Hold);
        IActorRef ledger = await StartAsync();
        await Probe.WatchAsync(ledger);
        Probe.Tell(ledger, new Ledger.AddUnawaited("idle"));
        Probe.Tell(ledger, new Ledger.Add("a"));
        await Probe.ExpectAsync(Saw("at once", 1, "idle"));
        await Journal.SeenAsync();
        await Journal.SeenAsync();
        Journal.ReleaseFailures();
        await Probe.ExpectNothingAsync(ledger);
        Journal.Release();
        JournalException failed = Assert.IsType<JournalException>((await Probe.ExpectAsync<Status.Failure>()).Cause);
        Assert.Equal(JournalStatus.Conflict, failed.Outcome.Status);
        await Probe.ExpectTerminatedAsync(ledger);
        Assert.Equal("", await StoredAsync());
    }
}
