using Supervisor.Actors.Journal;
using Supervisor.Actors.Journal.Sqlite;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>The journal in a file, by the spec of all journals.</summary>
public sealed class SqliteJournalTests : EventJournalSpec
{
    private readonly TemporaryFolder _folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override async Task<IEventJournal> OpenAsync() =>
        await SqliteJournal.OpenAsync(new SqliteJournalOptions(_folder.File("journal.db")) { Projections = ["sessions", "others"] });
}
