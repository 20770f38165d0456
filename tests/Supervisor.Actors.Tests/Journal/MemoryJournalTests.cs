using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

/// <summary>The journal that other tests use, by the spec of all journals: a stand-in that differs would prove nothing.</summary>
public sealed class MemoryJournalTests : EventJournalSpec
{
    protected override Task<IEventJournal> OpenAsync() => Task.FromResult<IEventJournal>(new MemoryJournal("sessions", "others"));
}
