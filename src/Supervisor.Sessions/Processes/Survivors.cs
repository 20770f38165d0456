using System.Globalization;
using System.Text;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>
/// The processes of a session that live: the command itself by pid and start time, and every process of this user whose
/// environment carries the session's id.
/// </summary>
public static class Survivors
{
    private const int MaxEnvironment = 1024 * 1024;

    public static IReadOnlyList<Survivor> Of(SessionMeta meta)
    {
        ArgumentNullException.ThrowIfNull(meta);
        if (!string.Equals(meta.BootId, ProcessIdentity.BootId, StringComparison.Ordinal))
        {
            return [];
        }

        byte[] mark = Encoding.ASCII.GetBytes($"SUP_SESSION_ID={meta.Id}");
        List<Survivor> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                || pid == Environment.ProcessId || pid == meta.OwnerPid)
            {
                continue;
            }

            if (ProcStat.Read(pid) is { State: not ('Z' or 'X') } stat
                && ((pid == meta.Pid && stat.StartTime == meta.PidStartTime) || Carries(pid, mark)))
            {
                found.Add(new Survivor(pid, stat.StartTime, CommandName(pid)));
            }
        }

        return [.. found.OrderBy(s => s.Pid)];
    }

    private static bool Carries(int pid, byte[] mark)
    {
        byte[]? environment = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"), MaxEnvironment);
        ReadOnlySpan<byte> rest = environment;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> entry = end < 0 ? rest : rest[..end];
            if (entry.SequenceEqual(mark))
            {
                return true;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return false;
    }

    private static string CommandName(int pid)
    {
        byte[]? name = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm"), 64);
        return Encoding.UTF8.GetString(name ?? []).TrimEnd('\n');
    }
}
