using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Processes;

/// <summary>The processes of a session that live (see <see cref="ProcessTree"/>), as one would list them after its end.</summary>
public static class Survivors
{
    /// <param name="meta">The session.</param>
    /// <param name="path">The session's folder; null when it has none.</param>
    public static IReadOnlyList<Survivor> Of(SessionMeta meta, string? path)
    {
        ArgumentNullException.ThrowIfNull(meta);
        string? stateFolder = Path.GetDirectoryName(Path.GetDirectoryName(path));
        List<Survivor> found = [];
        foreach (ProcStat process in ProcessTree.Of(meta, stateFolder))
        {
            if (!process.HasEnded && process.Pid != Environment.ProcessId)
            {
                found.Add(new Survivor(process.Pid, process.StartTime, process.Name));
            }
        }

        return found;
    }
}
