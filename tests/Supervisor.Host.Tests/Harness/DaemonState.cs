using System.Diagnostics;
using System.Text;
using Supervisor.Client;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Tests.Harness;

/// <summary>A state root of a test's own, and the daemons of it. At the end none may be left, nor anything they opened.</summary>
internal sealed class DaemonState : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public DaemonState(string name = "state")
    {
        Folder = Directory.CreateTempSubdirectory("sup-host-").FullName;
        Path = System.IO.Path.Combine(Folder, name);
        Root = StateRoot.Locate(variable => variable is "SUP_STATE_DIR" ? Path : null);
    }

    /// <summary>The daemon's program as it was built with these tests.</summary>
    public static string Program { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "sup-daemon");

    public string Folder { get; }

    public string Path { get; }

    public StateRoot Root { get; }

    public string Socket => System.IO.Path.Combine(Path, "daemon.sock");

    public string RecordPath => System.IO.Path.Combine(Path, "daemon.json");

    public DaemonRecord Record => DaemonRecord.Parse(File.ReadAllBytes(RecordPath))!;

    public IReadOnlyList<string> LogLines =>
        [.. Directory.GetFiles(System.IO.Path.Combine(Path, "logs"), "daemon-*.log").Order().SelectMany(ReadShared)];

    /// <summary>Processes that this state root is given to.</summary>
    public IReadOnlyList<int> Daemons =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(d => System.IO.Path.GetFileName(d)!).Where(d => char.IsAsciiDigit(d[0])).Select(int.Parse)
            .Where(pid => pid != Environment.ProcessId && ProcEnvironment.Of(pid).TryGet("SUP_STATE_DIR="u8, out ReadOnlySpan<byte> value)
                && value.SequenceEqual(Encoding.UTF8.GetBytes(Path))),
    ];

    public DaemonConnection Ensure() => DaemonConnection.Ensure(Root, Patience, Program);

    /// <summary>Starts it, and returns its pid.</summary>
    public int Start()
    {
        using DaemonConnection connection = Ensure();
        return connection.Daemon.Pid;
    }

    /// <summary>Runs the program itself, to its end.</summary>
    public (int Status, string Said) Run(params string[] arguments)
    {
        ProcessStartInfo info = new(Program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        info.Environment["SUP_STATE_DIR"] = Path;
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        using Process process = System.Diagnostics.Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string said = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(Patience));
        return (process.ExitCode, said + output.Result);
    }

    public static void Signal(int pid, string name)
    {
        using Process kill = System.Diagnostics.Process.Start("kill", ["-" + name, pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>A process that was killed has lost its environment a moment before its lock and its socket.</summary>
    public void WaitForEnd() => Eventually.True("the daemon is gone", () => Daemons.Count == 0 && !IsHeld());

    private bool IsHeld()
    {
        int folder = Root.OpenRoot(create: false);
        bool held = folder >= 0 && DaemonFiles.IsHeld(folder);
        Libc.close(folder);
        return held;
    }

    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Path))
            {
                DaemonStop.Run(Root, Patience);
            }

            WaitForEnd();
            Assert.False(File.Exists(Socket));
        }
        finally
        {
            foreach (int pid in Daemons)
            {
                Signal(pid, "KILL");
            }

            Directory.Delete(Folder, recursive: true);
        }
    }

    private static string[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
