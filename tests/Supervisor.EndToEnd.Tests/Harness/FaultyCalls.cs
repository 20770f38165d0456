using System.Diagnostics;
using System.Globalization;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>
/// System calls of a running process that fail or hang, by strace's faults, until this is disposed of: then the process goes on as if nothing had
/// been.
/// </summary>
internal sealed class FaultyCalls : IDisposable
{
    private readonly Process _strace;

    /// <param name="pid">With all of its threads.</param>
    /// <param name="calls">Their names, with commas.</param>
    /// <param name="fault">What is done to each: <c>error=EIO</c>, <c>delay_enter=1000000</c> (microseconds) …</param>
    /// <param name="path">Only calls on this file; null for all.</param>
    public FaultyCalls(int pid, string calls, string fault, string? path = null)
    {
        Needs.Programs("strace");
        Needs.Root();
        string[] on = path is null ? [] : ["-P", path];
        _strace = Process.Start(new ProcessStartInfo(
            "strace",
            ["-f", "-qqq", "-o", "/dev/null", .. on, "-e", $"trace={calls}", "-e", $"inject={calls}:{fault}", "-p", pid.ToString(CultureInfo.InvariantCulture)])
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        Eventually.True("every thread is traced", () => _strace.HasExited || Tasks(pid).All(IsTraced));
        Assert.False(_strace.HasExited, "strace may not attach");
    }

    private static string[] Tasks(int pid) => Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task"));

    private static bool IsTraced(string task)
    {
        try
        {
            return !File.ReadAllText(Path.Combine(task, "status")).Contains("TracerPid:\t0\n", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // A thread that has ended.
            return true;
        }
    }

    public void Dispose()
    {
        if (!_strace.HasExited)
        {
            // Who is held in a call goes on with it when its tracer is gone.
            _strace.Kill();
        }

        _strace.WaitForExit();
        _strace.Dispose();
    }
}
