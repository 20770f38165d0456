using System.Globalization;
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
    public bool IsAlive => ProcStat.Read(Pid) is { } stat && stat.StartTime == StartTime && stat.State is not ('Z' or 'X');

    private static string ReadBootId()
    {
        byte[]? text = ProcFile.Read(BootIdFile, 64);
        return text is null ? "" : Encoding.ASCII.GetString(text).Trim();
    }
}

/// <summary>The fields of /proc/PID/stat that sup uses.</summary>
/// <param name="State">R S D T t Z X I, see proc(5); T is stopped by a signal.</param>
/// <param name="Parent">The parent's pid.</param>
/// <param name="Session">The session id.</param>
/// <param name="StartTime">Clock ticks since boot.</param>
internal readonly record struct ProcStat(char State, int Parent, int Session, long StartTime)
{
    private const int MaxLength = 1024;

    public static ProcStat? Read(int pid)
    {
        byte[]? bytes = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"), MaxLength);
        if (bytes is null)
        {
            return null;
        }

        // The command's name stands in parentheses and may itself hold any byte, a closing parenthesis included.
        string text = Encoding.Latin1.GetString(bytes);
        int close = text.LastIndexOf(')');
        string[] fields = close < 0 ? [] : text[(close + 2)..].Split(' ');
        return fields.Length > 19
            && int.TryParse(fields[1], NumberStyles.Integer, CultureInfo.InvariantCulture, out int parent)
            && int.TryParse(fields[3], NumberStyles.Integer, CultureInfo.InvariantCulture, out int session)
            && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            ? new ProcStat(fields[0][0], parent, session, start)
            : null;
    }
}
