using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Sessions.Keeper;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>Whoever dies, and whenever: commands run on, no byte is lost, nothing runs twice, and the next daemon knows all of it.</summary>
public sealed class DaemonDeathTests : SupervisedWorkspace
{
    public static TheoryData<string> CrashPoints => new(CrashPoint.All);

    [Fact]
    public void A_daemon_killed_under_load_loses_no_byte_and_the_next_one_takes_the_command_up()
    {
        string id = Start("--name", "load", "--pty", "never", "--", "sh", "-c", "seq 1 3000000; exec sleep 300");
        int command = (int)Show("load")["pid"]!;
        for (int i = 0; i < 3; i++)
        {
            KillDaemon();
            Assert.True(LiveProcesses.IsAlive(command));
            Assert.Equal(0, RunSup("daemon", "start").Status);
        }

        WaitForText("load", "\n3000000\n");
        Assert.Equal(Bash("seq 1 3000000 | sha256sum").Text, Bash($"sha256sum <{State}/sessions/{id}/output.bin").Text);
        Assert.Equal(command, (int?)Show("load")["pid"]);
        Eventually.True("the daemon looks after it", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 1);
        Assert.Equal(0, RunSup("stop", "load").Status);
    }

    [Fact]
    public void An_end_that_came_without_a_daemon_is_known_to_the_next_one()
    {
        Bash("mkfifo go");
        Start("--name", "short", "--", "sh", "-c", "read line <go; exit 5");
        KillDaemon();
        Bash("echo >go");
        WaitForState("short", "exited");
        Assert.Equal(5, (int?)Show("short")["exit_code"]);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("nothing is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0);
        Assert.Equal(0, RunSup("restart", "short").Status);
        Assert.Equal(2, (int?)Show("short")["attempt"]);
    }

    [Fact]
    public void The_journal_may_be_lost_and_its_sessions_are_taken_up_again()
    {
        string id = Start("--name", "web", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT; sleep 300");
        KillDaemon();
        File.Delete(Path.Combine(State, "journal.db"));
        File.Delete(Path.Combine(State, "journal.db-wal"));
        File.Delete(Path.Combine(State, "journal.db-shm"));
        File.Delete(Path.Combine(State, "daemon.json"));
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 1);
        Assert.Equal(0, RunSup("restart", "web").Status);
        WaitForText("web", "attempt 2");
        Assert.Equal("attempt 1\r\nattempt 2\r\n", OutputOf(id));
    }

    [Theory]
    [InlineData("damaged")]
    [InlineData("of a newer version")]
    public void A_journal_that_cannot_be_used_is_refused_and_not_touched_and_stops_work(string how)
    {
        Start("--name", "web", "--", "sleep", "300");
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        string journal = Path.Combine(State, "journal.db");
        if (how is "damaged")
        {
            File.WriteAllText(journal, new string('x', 8192));
        }
        else
        {
            Needs.Programs("python3");
            Bash($"python3 -c 'import sqlite3; c = sqlite3.connect(\"{journal}\"); c.execute(\"pragma user_version = 999\"); c.close()'");
        }

        byte[] before = File.ReadAllBytes(journal);
        Outcome refused = RunSup("start", "--", "touch", "ran");
        Assert.Equal(125, refused.Status);
        Assert.Contains("journal", refused.ErrorText, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
        Assert.Equal(before, File.ReadAllBytes(journal));
        Assert.Equal("running", StateOf("web"));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("never")]
    public void A_killed_keeper_is_lost_and_never_started_twice(string pty)
    {
        string id = Start("--name", "web", "--pty", pty, "--", "sh", "-c", "echo run >>runs; trap '' HUP PIPE; while :; do sleep .1; done");
        Eventually.True("the run", () => File.Exists(Path.Combine(Work, "runs")));
        JsonNode web = Show("web");
        Kill((int)web["owner_pid"]!);
        WaitForState(id, "lost");
        Eventually.True("it is written down", () => File.Exists(Path.Combine(State, "sessions", id, "final.json")));
        JsonNode survivor = Assert.Single(Show(id)["survivors"]!.AsArray(), s => (int?)s!["pid"] == (int?)web["pid"])!;
        Assert.Equal("run\n", File.ReadAllText(Path.Combine(Work, "runs")));
        Kill((int)survivor["pid"]!);
    }

    [Fact]
    public void Daemon_and_keeper_killed_together_leave_a_lost_session_that_can_be_restarted()
    {
        string id = Start("--name", "web", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT >>runs; exec sleep 300");
        int keeper = (int)Show("web")["owner_pid"]!;
        KillDaemon();
        Kill(keeper);
        Assert.Equal("lost", StateOf("web"));
        Assert.Equal(0, RunSup("restart", id).Status);
        Eventually.True("the second run", () => File.ReadAllText(Path.Combine(Work, "runs")) is "attempt 1\nattempt 2\n");
        Assert.Equal("running", StateOf("web"));
    }

    [Fact]
    public void What_a_killed_keeper_left_running_is_ended_before_the_next_attempt()
    {
        string id = Start("--name", "web", "--pty", "never", "--", "sh", "-c", "trap '' HUP PIPE; while :; do sleep .1; done");
        JsonNode web = Show("web");
        Kill((int)web["owner_pid"]!);
        WaitForState(id, "lost");
        Assert.True(LiveProcesses.IsAlive((int)web["pid"]!));
        Assert.Equal(0, RunSup("restart", id).Status);
        Assert.False(LiveProcesses.IsAlive((int)web["pid"]!));
        Assert.Equal("running", StateOf("web"));
    }

    [Fact]
    public void A_stopped_keeper_is_woken_by_a_stop()
    {
        Start("--name", "web", "--", "sleep", "300");
        int keeper = (int)Show("web")["owner_pid"]!;
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -STOP {keeper}"));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
    }

    /// <summary>Both processes know the moment; whichever comes to it first dies there.</summary>
    [Theory]
    [MemberData(nameof(CrashPoints))]
    public void Killed_at_any_moment_of_a_start_the_command_runs_at_most_once(string point)
    {
        Variables["SUP_CRASH_POINT"] = point;
        Outcome start = RunSup("start", "--session-id", "one", "--", "sh", "-c", "echo run >>runs; exit 3");
        Variables.Remove("SUP_CRASH_POINT");
        Assert.True(start.Status is 0 or 125, start.ToString());
        Assert.Equal(point is not ("after-exit" or "before-final"), start.Status == 125);
        Eventually.True("no daemon with that moment", () => DaemonPid is null || RunSup("daemon", "stop").Status == 0);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("the session is over", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0, () => RunSup("ls", "--all", "--json").Text);
        string runs = File.Exists(Path.Combine(Work, "runs")) ? File.ReadAllText(Path.Combine(Work, "runs")) : "";
        Assert.True(runs is "" or "run\n", runs);
        if (start.Status == 0)
        {
            Assert.Equal("run\n", runs);
        }
    }

    [Fact]
    public void A_daemon_that_stops_leaves_all_running()
    {
        Start("--name", "web", "--", "sleep", "300");
        int command = (int)Show("web")["pid"]!;
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        Assert.Null(DaemonPid);
        Assert.Equal("running", StateOf("web"));
        Assert.True(LiveProcesses.IsAlive(command));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Null(DaemonPid);
    }
}
