using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>Ends that are not what they seem: what outlives its command, a machine that starts anew, a number that is another's by now.</summary>
public sealed class StrangeEndTests : SupervisedWorkspace
{
    [Theory]
    [InlineData("auto", "mkfifo up; (setsid sh -c 'echo >up; exec sleep 308' &); read x <up;")]
    [InlineData("auto", "trap '' HUP; sleep 308 &")]
    [InlineData("never", "sleep 308 &")]
    public void A_command_whose_children_hold_its_output_ends_all_the_same_and_they_are_listed(string pty, string leaves)
    {
        long started = Stopwatch.GetTimestamp();
        string id = Start("--pty", pty, "--", "sh", "-c", $"{leaves} echo out; exit 4");
        WaitForState(id, "exited");
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
        JsonNode session = Show(id);
        Assert.Equal(4, (int?)session["exit_code"]);
        Assert.Equal("exit", (string?)session["end_reason"]);
        Assert.StartsWith("out", OutputOf(id), StringComparison.Ordinal);
        JsonNode survivor = Assert.Single(session["survivors"]!.AsArray())!;
        Kill((int)survivor["pid"]!);
    }

    [Fact]
    public void What_another_boot_has_left_is_written_down_as_lost_by_it()
    {
        string id = Start("--name", "web", "--", "sleep", "300");
        JsonNode web = Show("web");
        KillDaemon();
        Kill((int)web["owner_pid"]!);
        Eventually.True("the command's end", () => !LiveProcesses.IsAlive((int)web["pid"]!));
        string folder = Path.Combine(State, "sessions", id);
        foreach (string file in new[] { "meta.json", "attempts/1.json" })
        {
            string path = Path.Combine(folder, file);
            File.WriteAllText(path, File.ReadAllText(path).Replace((string)web["boot_id"]!, "00000000-0000-4000-8000-000000000000", StringComparison.Ordinal));
        }

        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it is written down", () => File.Exists(Path.Combine(folder, "final.json")));
        JsonNode final = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "final.json")))!;
        Assert.Equal(("lost", "reboot"), ((string?)final["state"], (string?)final["end_reason"]));
        Eventually.True("nothing is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0);
        Assert.Equal(0, RunSup("restart", id).Status);
        Assert.Equal(2, (int?)Show(id)["attempt"]);
    }

    [Fact]
    public void A_process_that_got_the_commands_number_is_left_alone_by_a_restart_and_a_stop()
    {
        string id = Start("--name", "web", "--pty", "never", "--", "sleep", "300");
        JsonNode web = Show("web");

        // The command goes first, so that nothing has survived, and its keeper cannot write how.
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -STOP {(int)web["owner_pid"]!}"));
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -9 {(int)web["pid"]!}"));
        Kill((int)web["owner_pid"]!);
        WaitForState(id, "lost");
        using Process innocent = Process.Start("sleep", "300");
        try
        {
            foreach (string file in new[] { "meta.json", "attempts/1.json", "final.json" })
            {
                string path = Path.Combine(State, "sessions", id, file);
                Eventually.True(file, () => File.Exists(path));
                File.WriteAllText(path, File.ReadAllText(path).Replace(
                    string.Create(CultureInfo.InvariantCulture, $"\"pid\":{(int)web["pid"]!},"), string.Create(CultureInfo.InvariantCulture, $"\"pid\":{innocent.Id},"), StringComparison.Ordinal));
            }

            Assert.Equal(innocent.Id, (int?)Show(id)["pid"]);
            Assert.Empty(Show(id)["survivors"]!.AsArray());
            Assert.Equal(0, RunSup("restart", id).Status);
            Assert.Equal(0, RunSup("kill", id).Status);
            Assert.False(innocent.HasExited);
        }
        finally
        {
            innocent.Kill();
        }
    }
}
