using Akka.Actor;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>docs/design/event-sourcing.md, "Snapshots and deleting".</summary>
public sealed class SnapshotSpec : LedgerFixture
{
    [Fact]
    public async Task A_snapshot_replaces_the_older_ones_and_the_next_life_starts_from_it()
    {
        IActorRef ledger = await StartAsync();
        await AddAsync(ledger, "a", "b");
        ledger.Tell(new Ledger.Save());
        await Witness.ExpectAsync(Saw("saved", 2, "a,b"));
        await AddAsync(ledger, "c");
        ledger.Tell(new Ledger.Save());
        await Witness.ExpectAsync(Saw("saved", 3, "a,b,c"));
        await Journal.DeleteSnapshotsAsync(Id, 3);
        Assert.Null((await Journal.LoadSnapshotAsync(Id)).Value);
        ledger.Tell(new Ledger.Save());
        await Witness.ExpectAsync(Saw("saved", 3, "a,b,c"));
        await AddAsync(ledger, "d");
        Begin();
        await Witness.ExpectAsync(Saw("offer", 3, "a,b,c"));
        await Witness.ExpectAsync(Saw("recover", 4, "a,b,c,d"));
    }

    [Fact]
    public async Task Only_events_in_a_stored_snapshot_can_be_deleted()
    {
        IActorRef ledger = await StartAsync();
        await AddAsync(ledger, "a", "b", "c");
        Probe.Tell(ledger, new Ledger.Trim(1));
        Assert.Contains("in no stored snapshot", (await Probe.ExpectAsync<Ledger.Saw>()).Log);
        ledger.Tell(new Ledger.Save());
        await Witness.ExpectAsync(Saw("saved", 3, "a,b,c"));
        Probe.Tell(ledger, new Ledger.Trim(3));
        await AddAsync(ledger, "d");
        Assert.Equal("d", await StoredAsync());
        Begin();
        await Witness.ExpectAsync(Saw("offer", 3, "a,b,c"));
        await Witness.ExpectAsync(Saw("recover", 4, "a,b,c,d"));
        await Witness.ExpectAsync(Saw("recovered", 4, "a,b,c,d"));
    }

    [Fact]
    public async Task A_snapshot_that_cannot_be_stored_is_told_and_nothing_else_happens()
    {
        IActorRef ledger = await StartAsync();
        await AddAsync(ledger, "a");
        await Journal.DisposeAsync();
        ledger.Tell(new Ledger.Save());
        await Witness.ExpectAsync(Saw("not saved", 1, "a"));
        Probe.Tell(ledger, new Ledger.Get());
        await Probe.ExpectAsync(Saw("state", 1, "a"));
    }

    private async Task AddAsync(IActorRef ledger, params string[] texts)
    {
        foreach (string text in texts)
        {
            Probe.Tell(ledger, new Ledger.Add(text));
            Assert.Equal("added", (await Probe.ExpectAsync<Ledger.Saw>()).What);
        }
    }
}
