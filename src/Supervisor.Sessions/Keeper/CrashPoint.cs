using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Keeper;

/// <summary>
/// Named moments between two steps that belong together. Tests kill a real process at each of them: the variable
/// <c>SUP_CRASH_POINT</c> of a keeper or daemon names one. With <c>hold:</c> before the name the process stops there (SIGSTOP), once, so that it is
/// known where it stands when another one is killed.
/// </summary>
public static class CrashPoint
{
    /// <summary>The variable that names the moment.</summary>
    public const string Variable = "SUP_CRASH_POINT";

    /// <summary>All of them.</summary>
    public static readonly string[] All = ["after-persist", "after-claim", "after-spawn", "after-exit", "before-final", "before-reply"];

    private const string Hold = "hold:";
    private static int s_held;

    private static readonly string? Chosen = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Dies here of SIGKILL, or stops, when this is the moment that was chosen.</summary>
    public static void Pass(string name)
    {
        if (Chosen is null || !Chosen.EndsWith(name, StringComparison.Ordinal))
        {
            return;
        }

        if (Chosen.Length == name.Length)
        {
            Libc.kill(Environment.ProcessId, Signals.SIGKILL);
        }
        else if (Chosen.StartsWith(Hold, StringComparison.Ordinal) && Chosen.Length == Hold.Length + name.Length && Interlocked.Exchange(ref s_held, 1) == 0)
        {
            Libc.kill(Environment.ProcessId, Signals.SIGSTOP);
        }
    }
}
