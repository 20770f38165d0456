using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>
/// A process that cannot be mistaken for a later one with its number: pid and start time, which name it within one boot.
/// </summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTime">Clock ticks since boot, field 22 of /proc/PID/stat (proc(5)).</param>
public readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>This boot's id; empty where the system does not tell.</summary>
    public static string BootId { get; } = ReadBootId();

    public static ProcessIdentity Self => Of(Libc.getpid()) ?? new ProcessIdentity(Libc.getpid(), 0);

    /// <summary>The process with this number, or null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) => ProcStat.Read(pid) is { } stat ? new ProcessIdentity(pid, stat.StartTime) : null;

    /// <summary>Whether this very process lives (a zombie does not).</summary>
    public bool IsAlive => ProcStat.Read(Pid) is { } stat && stat.StartTime == StartTime && !stat.HasEnded;

    private static string ReadBootId()
    {
        byte[]? text = ProcFile.Read(BootIdFile, 64);
        return text is null ? "" : Encoding.ASCII.GetString(text).Trim();
    }
}
