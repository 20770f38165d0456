using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A workspace with a daemon of its own. At the end its sessions are stopped, and then it; nothing may be left.</summary>
public abstract class SupervisedWorkspace : Workspace
{
    /// <summary>Starts a session and returns its id.</summary>
    internal string Start(params string[] arguments)
    {
        Outcome outcome = RunSup(["start", .. arguments]);
        Assert.True(outcome.Status == 0, outcome.ToString());
        return outcome.Text.Trim();
    }

    internal JsonNode Show(string id) => Json("show", id)["session"]!;

    internal string StateOf(string id) => (string)Show(id)["state"]!;

    internal void WaitForState(string id, string state) =>
        Eventually.True($"{id} is {state}", () => string.Equals(StateOf(id), state, StringComparison.Ordinal), () => Show(id).ToJsonString());

    internal void WaitForText(string id, string text) =>
        Eventually.True($"{text} in the output of {id}", () => RunSup("logs", id, "--raw").Text.Contains(text, StringComparison.Ordinal), () => RunSup("logs", id, "--raw").ToString());

    /// <summary>The daemon's process; null when none runs.</summary>
    internal int? DaemonPid => (int?)Json("daemon", "status")["daemon"]?["pid"];

    /// <summary>kill -9, and waits until it is gone.</summary>
    internal void KillDaemon()
    {
        int pid = DaemonPid ?? throw new InvalidOperationException("no daemon runs");
        Kill(pid);
    }

    internal static void Kill(int pid)
    {
        new LiveProcess(pid, "").Kill();
        Eventually.True("its end", () => !LiveProcesses.IsAlive(pid));
    }

    internal string OutputOf(string id) => File.ReadAllText(Path.Combine(State, "sessions", id, "output.bin"));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            string list = RunSup("ls", "--json").Text;
            if (JsonNode.Parse(list.Length == 0 ? "{}" : list)?["sessions"]?.AsArray() is { Count: > 0 } live)
            {
                RunSup(["kill", .. live.Select(s => (string)s!["id"]!)]);
            }

            RunSup("daemon", "stop");
        }

        base.Dispose(disposing);
    }
}
