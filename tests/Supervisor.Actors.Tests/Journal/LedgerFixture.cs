using Akka.Actor;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>A ledger on a journal that can fail, on virtual time, and two probes.</summary>
public abstract class LedgerFixture : IAsyncLifetime
{
    private protected const string Id = "ledger/node/one";

    private protected TestSystem Test { get; } = new("counting-mailbox.mailbox-type = \"Supervisor.Actors.Tests.Testing.CountingMailbox, Supervisor.Actors.Tests\"");

    private protected FaultyJournal Journal { get; } = new(new MemoryJournal("sessions"));

    private protected EventSourcedSettings Settings { get; set; } = new();

    private protected int ReplaysAtOnce { get; set; } = 16;

    /// <summary>Asks.</summary>
    private protected Probe Probe { get; private set; } = null!;

    /// <summary>Is told what the ledger goes through.</summary>
    private protected Probe Witness { get; private set; } = null!;

    private protected JournalAccess Access => field ??= new JournalAccess(Journal, Ledger.Registry, Settings, ReplaysAtOnce);

    public ValueTask InitializeAsync()
    {
        Probe = Test.Probe();
        Witness = Test.Probe();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await Test.DisposeAsync();
        Access.Dispose();
        await Journal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected static Ledger.Saw Saw(string what, long sequenceNr, string log) => new(what, sequenceNr, log);

    /// <summary>A ledger, not yet recovered.</summary>
    private protected IActorRef Begin(string id = Id) => Test.System.ActorOf(Ledger.Props(id, Access, Witness.Ref));

    /// <summary>A ledger that has recovered; what it told of that is consumed.</summary>
    private protected async Task<IActorRef> StartAsync(string id = Id)
    {
        IActorRef ledger = Begin(id);
        while ((await Witness.ExpectAsync<Ledger.Saw>()).What != "recovered")
        {
        }

        return ledger;
    }

    /// <summary>Puts events into the journal, as an earlier life did.</summary>
    private protected async Task StoreAsync(params object[] events)
    {
        long next = (await Journal.HighestSequenceNumberAsync(Id)).Value + 1;
        foreach (object one in events)
        {
            SerializedEvent stored = one is (string manifest, string json)
                ? new SerializedEvent(manifest, System.Text.Encoding.UTF8.GetBytes(json))
                : Ledger.Registry.Serialize(one);
            AppendResult result = await Journal.AppendAsync(new JournalAppend(Id, "before", [new JournalEvent(next++, stored.Manifest, stored.Payload)]));
            Assert.True(result.IsWritten);
            await Journal.SeenAsync();
        }
    }

    private protected async Task<string> StoredAsync() => string.Join(
        ",", (await Journal.ReplayAsync(Id, 1, 100_000)).Value.Events.Select(row => Ledger.Registry.Deserialize(row.Manifest, row.Payload.Span) switch
        {
            Added added => added.Text,
            object other => other.GetType().Name,
        }));
}
