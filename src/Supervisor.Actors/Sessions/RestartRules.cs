using System.Collections.Immutable;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;

namespace Supervisor.Actors.Sessions;

/// <summary>When, and how often, a session's command is started again by itself.</summary>
/// <param name="Policy">A <see cref="RestartPolicy"/>.</param>
/// <param name="DelayMs">Before the first restart in a row; doubled for each that follows.</param>
/// <param name="MaxDelayMs">The longest.</param>
/// <param name="ResetMs">An attempt that ran for this long is stable: the next restart is the first in a row again.</param>
/// <param name="SuccessCodes">Exit codes that are no failure; 128+n stands for signal n.</param>
public sealed record RestartRules(string Policy, long DelayMs, long MaxDelayMs, long ResetMs, ImmutableArray<int> SuccessCodes)
{
    /// <summary>How much sooner than its delay a restart may come, so that what died together does not all come back at once.</summary>
    private const double Jitter = 0.1;

    private const int SignalBase = 128;

    public static RestartRules Never { get; } = new("no", 0, 0, 0, [0]);

    private RestartPolicy Parsed => RestartPolicy.TryParse(Policy, out RestartPolicy policy) ? policy : default;

    public static RestartRules Of(SessionSpec spec) =>
        new(spec.Restart, spec.RestartDelayMs, spec.RestartMaxDelayMs, spec.RestartResetMs, [.. spec.SuccessCodes]);

    public bool IsSuccess(int? exitCode, string? signal) =>
        exitCode is { } code ? SuccessCodes.Contains(code)
        : SignalName.TryParse(signal, out int number) && SuccessCodes.Contains(SignalBase + number);

    /// <summary>Whether another attempt follows on one that nobody stopped.</summary>
    /// <param name="success">How it ended.</param>
    /// <param name="restarts">The restarts in a row before it.</param>
    public bool Follows(bool success, int restarts) => Parsed switch
    {
        { Mode: RestartMode.No } => false,
        { Mode: RestartMode.OnFailure, MaxRestarts: var most } => !success && !(restarts >= most),
        _ => true,
    };

    /// <summary>Whether another attempt follows on one that a reboot ended.</summary>
    public bool FollowsReboot() => Parsed.Mode is RestartMode.Always or RestartMode.UnlessStopped;

    /// <summary>The restarts in a row before an attempt, after it ran for a time.</summary>
    public int After(int restarts, long? uptimeMs) => uptimeMs >= ResetMs ? 0 : restarts;

    /// <summary>Milliseconds before the next attempt.</summary>
    /// <param name="restarts">The restarts in a row before it.</param>
    /// <param name="chance">0 to 1: where in the jitter.</param>
    public long Delay(int restarts, double chance)
    {
        double plain = Math.Min(MaxDelayMs, DelayMs * Math.Pow(2, restarts));
        return (long)(plain * (1 - (Jitter * chance)));
    }
}
