using System.Globalization;
using System.Text;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Stats;

/// <summary>What the processes of one session use.</summary>
/// <param name="CpuPercent">Of one core, over the time since the look before; above 100 with several cores. 0 at a first look.</param>
/// <param name="PrivateBytes">Resident memory that is no file's and not shared by design: heaps and stacks.</param>
/// <param name="ResidentBytes">All resident memory; what processes share is counted for each.</param>
/// <param name="Pids">The living processes, by number.</param>
public sealed record TreeUsage(double CpuPercent, long PrivateBytes, long ResidentBytes, IReadOnlyList<int> Pids);

/// <summary>Compares one look at a session's processes with the next.</summary>
internal sealed class TreeMeter
{
    /// <summary>USER_HZ, which the kernel keeps at 100 on x86 and ARM whatever its own clock is (time(7)).</summary>
    private const double TicksPerSecond = 100;

    private Dictionary<ProcessIdentity, ProcStat>? _before;

    /// <param name="processes">The session's processes now, zombies too.</param>
    /// <param name="elapsed">Since the last call; ignored the first time.</param>
    public TreeUsage Measure(IReadOnlyList<ProcStat> processes, TimeSpan elapsed)
    {
        Dictionary<ProcessIdentity, ProcStat> now = processes.ToDictionary(p => new ProcessIdentity(p.Pid, p.StartTime));
        double percent = _before is null || elapsed <= TimeSpan.Zero
            ? 0
            : TicksBetween(_before, now) / TicksPerSecond / elapsed.TotalSeconds * 100;
        _before = now;

        long resident = 0, own = 0;
        List<int> living = [];
        foreach (ProcStat process in processes)
        {
            if (!process.HasEnded)
            {
                living.Add(process.Pid);
                (long all, long notShared) = Memory(process.Pid);
                resident += all;
                own += notShared;
            }
        }

        return new TreeUsage(percent, own, resident, living);
    }

    /// <summary>
    /// What was used between two looks, by processes that came and went between them too: the time of one that has been waited
    /// for is in its parent's account, together with what it had used before the first look.
    /// </summary>
    internal static long TicksBetween(Dictionary<ProcessIdentity, ProcStat> before, Dictionary<ProcessIdentity, ProcStat> now)
    {
        Dictionary<int, long> known = [];
        foreach ((ProcessIdentity identity, ProcStat gone) in before)
        {
            if (!now.ContainsKey(identity))
            {
                known[gone.Parent] = known.GetValueOrDefault(gone.Parent) + gone.Ticks + gone.ReapedTicks;
            }
        }

        long sum = 0;
        foreach ((ProcessIdentity identity, ProcStat process) in now)
        {
            ProcStat? old = before.GetValueOrDefault(identity);
            sum += Math.Max(0, process.Ticks - (old?.Ticks ?? 0));
            sum += Math.Max(0, process.ReapedTicks - (old?.ReapedTicks ?? 0) - known.GetValueOrDefault(process.Pid));
        }

        return sum;
    }

    /// <summary>Resident bytes of a process, and those of them that are anonymous (/proc/PID/statm, proc(5)).</summary>
    internal static (long Resident, long Private) Memory(int pid)
    {
        const int MaxLength = 256, ResidentField = 1, SharedField = 2;
        byte[]? text = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/statm"), MaxLength);
        string[] fields = Encoding.ASCII.GetString(text ?? []).Split(' ');
        return fields.Length > SharedField
            && long.TryParse(fields[ResidentField], NumberStyles.None, CultureInfo.InvariantCulture, out long resident)
            && long.TryParse(fields[SharedField], NumberStyles.None, CultureInfo.InvariantCulture, out long shared)
            ? (resident * Environment.SystemPageSize, Math.Max(0, resident - shared) * Environment.SystemPageSize)
            : (0, 0);
    }
}
