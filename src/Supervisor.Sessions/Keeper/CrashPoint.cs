using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Keeper;

/// <summary>
/// Named moments between two steps that belong together. Tests kill a real process at each of them: the variable
/// <c>SUP_CRASH_POINT</c> of a keeper or daemon names one.
/// </summary>
public static class CrashPoint
{
    /// <summary>The variable that names the moment.</summary>
    public const string Variable = "SUP_CRASH_POINT";

    /// <summary>All of them.</summary>
    public static readonly string[] All = ["after-persist", "after-claim", "after-spawn", "after-exit", "before-final", "before-reply"];

    private static readonly string? Chosen = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Dies here of SIGKILL, when this is the moment that was chosen.</summary>
    public static void Pass(string name)
    {
        if (Chosen is not null && string.Equals(Chosen, name, StringComparison.Ordinal))
        {
            Libc.kill(Environment.ProcessId, Signals.SIGKILL);
        }
    }
}
