using System.Collections;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Starting;

/// <summary>Leaves everything behind that belongs to whoever started this process.</summary>
internal static class Detachment
{
    private const uint OthersMask = 0x3F; // 077
    private const int Stdin = 0, Stdout = 1, Stderr = 2;

    /// <summary>
    /// To be called before anything is opened. Standard error stays until <see cref="LeaveStderr"/>: what goes wrong on the way is said there.
    /// </summary>
    /// <param name="foreground">Stays in the caller's terminal and session, with its stdout.</param>
    public static unsafe void LeaveCaller(bool foreground)
    {
        // Inherited as ignored, the first would throw away exit statuses; and a shell ignores the others in what it starts in the background.
        Signals.SetDefault(Signals.SIGCHLD);
        Signals.SetDefault(Signals.SIGINT);
        Signals.SetDefault(Signals.SIGQUIT);
        Descriptors.CloseInherited();
        Libc.umask(OthersMask);
        fixed (byte* root = "/\0"u8)
        {
            Libc.chdir(root);
        }

        if (!foreground)
        {
            Descriptors.DropRuntimeCopies();
            Descriptors.LetGo(Stdin);
            Descriptors.LetGo(Stdout);

            // Fails for one that leads its session already, which is as good.
            Libc.setsid();
        }

        LeaveSession(Environment.GetEnvironmentVariables());
    }

    public static void LeaveStderr() => Descriptors.LetGo(Stderr);

    /// <summary>Of <c>SUP_*</c> only the state root is meant for the daemon: it may have been started from inside a session.</summary>
    private static void LeaveSession(IDictionary environment)
    {
        foreach (object key in environment.Keys)
        {
            if (key is string name && name.StartsWith("SUP_", StringComparison.Ordinal)
                && name is not ("SUP_STATE_DIR" or CrashPoint.Variable))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
