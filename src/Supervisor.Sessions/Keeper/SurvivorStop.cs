using System.Diagnostics;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Keeper;

/// <summary>Ends the processes of a session that has no owner any more.</summary>
public static class SurvivorStop
{
    private const int LookMilliseconds = 10;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(2);

    /// <summary>SIGTERM, 5 s, SIGKILL. False when some live on.</summary>
    /// <param name="meta">The session.</param>
    /// <param name="path">Its folder.</param>
    public static bool Run(SessionMeta meta, string path) =>
        End(meta, path, Signals.SIGTERM, Grace) || End(meta, path, Signals.SIGKILL, AfterKill);

    private static bool End(SessionMeta meta, string path, int signal, TimeSpan patience)
    {
        IReadOnlyList<Survivor> left = Survivors.Of(meta, path);
        foreach (Survivor process in left)
        {
            ProcessIdentity identity = new(process.Pid, process.StartTime);
            ProcessSignal.Send(identity, signal);
            ProcessSignal.Send(identity, Signals.SIGCONT);
        }

        long started = Stopwatch.GetTimestamp();
        while (left.Count > 0 && Stopwatch.GetElapsedTime(started) < patience)
        {
            Thread.Sleep(LookMilliseconds);
            left = Survivors.Of(meta, path);
        }

        return left.Count == 0;
    }
}
