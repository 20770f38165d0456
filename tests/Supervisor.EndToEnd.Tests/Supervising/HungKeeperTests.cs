using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A keeper that does not answer: it is looked at within a deadline, woken where that helps, and its command is ended without it where it does not.</summary>
public sealed class HungKeeperTests : SupervisedWorkspace
{
    private const string Hung = "poll,ppoll";

    /// <summary>What a look may take here: .NET's start under load, and the keeper's 0.2 s.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stopped_keeper_is_woken_by_a_stop_with_and_without_a_daemon(bool daemon)
    {
        Start("--name", "web", "--", "sleep", "300");
        if (!daemon)
        {
            Assert.Equal(0, RunSup("daemon", "stop").Status);
        }

        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -STOP {(int)Show("web")["owner_pid"]!}"));
        AssertLooksAreQuick();
        Assert.Equal("stopped", (string?)Show("web")["owner"]);
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hung_keeper_loses_its_command_to_a_stop_and_writes_the_end_when_it_goes_on(bool daemon)
    {
        string id = Start("--name", "web", "--stop-timeout", "500ms", "--", "sh", "-c", "trap '' TERM HUP; echo up; while :; do sleep .1; done");
        WaitForText("web", "up");
        if (!daemon)
        {
            Assert.Equal(0, RunSup("daemon", "stop").Status);
        }

        JsonNode web = Show("web");
        using (new FaultyCalls((int)web["owner_pid"]!, Hung, "delay_enter=600000000"))
        {
            AssertLooksAreQuick();
            Outcome stop = RunSup("stop", "web");
            Assert.Equal(125, stop.Status);
            Assert.Contains("does not answer", stop.ErrorText, StringComparison.Ordinal);
            Assert.False(LiveProcesses.IsAlive((int)web["pid"]!));
            Assert.True(File.Exists(Path.Combine(State, "sessions", id, "stop_requested")));
            AssertLooksAreQuick();
        }

        WaitForState(id, "signaled");
        Assert.Equal("user-stop", (string?)Show(id)["end_reason"]);
        Assert.Equal(0, RunSup("restart", id).Status);
        Assert.Equal("running", StateOf(id));
        Assert.False(File.Exists(Path.Combine(State, "sessions", id, "stop_requested")));
        Assert.Equal(0, RunSup("kill", id).Status);
    }

    [Fact]
    public void A_hung_keeper_that_is_killed_after_a_stop_was_stopped_by_its_user_for_the_next_daemon()
    {
        string id = Start("--name", "web", "--stop-timeout", "500ms", "--", "sleep", "300");
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        int keeper = (int)Show("web")["owner_pid"]!;
        using (new FaultyCalls(keeper, Hung, "delay_enter=600000000"))
        {
            Assert.Equal(125, RunSup("stop", "web").Status);
            new LiveProcess(keeper, "").Kill();
        }

        // Who traces it has to look away first.
        Kill(keeper);

        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it is written down", () => File.Exists(Path.Combine(State, "sessions", id, "final.json")));
        Assert.Equal("lost", StateOf(id));
        Assert.Equal("user-stop", (string?)Show(id)["end_reason"]);
    }

    [Fact]
    public void A_restart_that_was_asked_for_before_a_keeper_hung_gives_way_to_the_stop()
    {
        string id = Start("--name", "web", "--stop-timeout", "1h", "--", "sh", "-c", "trap '' TERM HUP; echo run >>runs; while :; do sleep .1; done");
        Eventually.True("the run", () => File.Exists(Path.Combine(Work, "runs")));
        using Child restart = StartBash("sup restart web");
        Eventually.True("it is under way", () => File.ReadAllText(Path.Combine(State, "sessions", id, "meta.json")).Length > 0 && RunSup("ls", "--json").Status == 0);
        JsonNode web = Show(id);
        using (new FaultyCalls((int)web["owner_pid"]!, Hung, "delay_enter=600000000"))
        {
            Assert.Equal(125, RunSup("stop", "web", "-t", "100ms").Status);
        }

        Eventually.True("its end", () => StateOf(id) is "signaled", () => Show(id).ToJsonString());
        Assert.NotEqual(0, restart.Wait().Status);
        Assert.Equal("run\n", File.ReadAllText(Path.Combine(Work, "runs")));
    }

    private void AssertLooksAreQuick()
    {
        foreach (string[] look in new[] { new[] { "ls" }, ["show", "web"], ["status"] })
        {
            // On a busy machine a look may take long for reasons of its own, but not each time.
            TimeSpan quickest = TimeSpan.MaxValue;
            for (int i = 0; i < 3 && quickest > LookTime; i++)
            {
                long started = Stopwatch.GetTimestamp();
                Outcome outcome = RunSup(look);
                TimeSpan took = Stopwatch.GetElapsedTime(started);
                quickest = took < quickest ? took : quickest;
                Assert.Equal(0, outcome.Status);
                Assert.Contains("web", outcome.Text, StringComparison.Ordinal);
            }

            Assert.True(quickest < LookTime, look[0]);
        }
    }
}
