using System.Diagnostics;
using System.Globalization;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>
/// Small file systems in memory, which only those see that are started through this: a mount namespace of their own. They go with the last of
/// them.
/// </summary>
internal sealed class OwnDisk : IDisposable
{
    private readonly Process _holder;
    private readonly string _pid;

    /// <param name="work">Where what is started through it stands.</param>
    /// <param name="mounts">A script of mounts; its <c>$0</c> is the folder.</param>
    /// <param name="folder">An empty folder.</param>
    public OwnDisk(string folder, string work, string mounts)
    {
        Needs.Root();
        Needs.Programs("unshare", "nsenter", "mount");
        Directory.CreateDirectory(folder);

        // What holds it has nothing of the test about it: it is not one of the processes that must have ended.
        ProcessStartInfo start = new("unshare", ["-m", "bash", "-c", $"set -e; {mounts}; cd /; echo ready; exec env -i cat", folder])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        _holder = Process.Start(start)!;
        Assert.Equal("ready", _holder.StandardOutput.ReadLine());
        _pid = _holder.Id.ToString(CultureInfo.InvariantCulture);
        Through = ["nsenter", "-t", _pid, "-m", "--", "sh", "-c", "cd \"$0\" && exec \"$@\"", work];
    }

    /// <summary>What to put in front of a command so that it sees them.</summary>
    public IReadOnlyList<string> Through { get; }

    /// <summary>Where this process finds what is at that path there.</summary>
    public string Seen(string path) => $"/proc/{_pid}/root{path}";

    /// <summary>Takes all room that is left beside that file.</summary>
    public void Fill(string path)
    {
        byte[] block = new byte[4096];
        try
        {
            using FileStream file = new(Seen(path), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Dispose()
    {
        _holder.StandardInput.Close();
        _holder.WaitForExit();
        _holder.Dispose();
    }
}
