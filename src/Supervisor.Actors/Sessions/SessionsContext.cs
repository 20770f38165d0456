using Supervisor.Actors.Journal;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>What the actors of a daemon share.</summary>
/// <param name="Root">The state root.</param>
/// <param name="KeeperProgram">The <c>sup</c> program that keepers are started from.</param>
/// <param name="Epoch">This daemon's number: higher than that of any before it.</param>
/// <param name="Node">Names this state root for ever: part of the ids of histories.</param>
/// <param name="Access">The journal.</param>
/// <param name="Time">The clock.</param>
public sealed record SessionsContext(StateRoot Root, string KeeperProgram, long Epoch, string Node, JournalAccess Access, TimeProvider Time)
{
    public DateTime Now => Time.GetUtcNow().UtcDateTime;

    /// <summary>Which boot of the machine this is.</summary>
    public string BootId { get; init; } = ProcessIdentity.BootId;

    /// <summary>Milliseconds since that boot, its sleep included.</summary>
    public Func<long> BootTime { get; init; } = () => (long)BootClock.Now.TotalMilliseconds;

    /// <summary>0 to 1, by chance.</summary>
    public Func<double> Chance { get; init; } = Random.Shared.NextDouble;

    /// <summary>This moment, for a decision.</summary>
    internal DecisionTime Moment => new(Now, BootId, BootTime(), Chance());
}
