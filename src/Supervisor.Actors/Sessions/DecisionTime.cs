namespace Supervisor.Actors.Sessions;

/// <summary>What a decision needs to know of the moment in which it is made.</summary>
/// <param name="Now">UTC, for people.</param>
/// <param name="BootId">Which boot of the machine it is.</param>
/// <param name="BootMs">Milliseconds since then, sleep included: for durations, as nobody can set it.</param>
/// <param name="Chance">0 to 1.</param>
public readonly record struct DecisionTime(DateTime Now, string BootId, long BootMs, double Chance);
