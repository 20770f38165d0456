using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>A process, and what it was seen to run.</summary>
internal sealed record LiveProcess(int Pid, string Command)
{
    /// <summary>R, S, T and so on, see proc(5); X when it is gone.</summary>
    public char State => LiveProcesses.StateOf(Pid);

    /// <summary>Whether it is told of changes of files (inotify(7)).</summary>
    public bool WatchesFiles => LiveProcesses.HasWatch(Pid);

    public void Kill()
    {
        try
        {
            using Process process = Process.GetProcessById(Pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // Gone by itself.
        }
    }
}

internal static class LiveProcesses
{
    /// <summary>Those whose environment names the folder, or that stand in it, or run something of it.</summary>
    public static IReadOnlyList<LiveProcess> Of(string folder)
    {
        List<LiveProcess> found = [];
        foreach (string entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && pid != Environment.ProcessId && Concerns(entry, folder))
            {
                found.Add(new LiveProcess(pid, Read(entry + "/cmdline").Replace('\0', ' ')));
            }
        }

        return found;
    }

    public static bool IsAlive(int pid) => StateOf(pid) is not ('Z' or 'X');

    public static char StateOf(int pid) =>
        Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")) is { Length: > 0 } stat
            ? stat[stat.LastIndexOf(')') + 2]
            : 'X';

    internal static bool HasWatch(int pid)
    {
        string descriptors = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fdinfo");
        try
        {
            return Directory.EnumerateFiles(descriptors).Any(f => Read(f).Contains("inotify wd:", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Concerns(string entry, string folder) =>
        Read(entry + "/environ").Contains(folder, StringComparison.Ordinal)
        || Read(entry + "/cmdline").Contains(folder, StringComparison.Ordinal)
        || Link(entry + "/cwd").StartsWith(folder, StringComparison.Ordinal);

    private static string Read(string path)
    {
        try
        {
            return Encoding.Latin1.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
