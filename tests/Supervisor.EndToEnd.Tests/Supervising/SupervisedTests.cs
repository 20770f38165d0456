using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>Commands in the background: started, looked at, stopped and started again, by the CLI alone.</summary>
public sealed class SupervisedTests : SupervisedWorkspace
{
    [Fact]
    public void It_runs_on_when_the_terminal_of_its_caller_closes()
    {
        using RealTerminal terminal = new(this);
        terminal.Enter("sup start --name web -- sh -c 'echo up; exec sleep 300'; tty >started; exit");
        Eventually.True("the start", () => File.Exists(Path.Combine(Work, "started")));
        WaitForText("web", "up");
        JsonNode web = Show("web");
        Assert.Equal("running", (string?)web["state"]);
        Assert.Equal("supervised", (string?)web["terminal"]);
        int daemon = DaemonPid!.Value;
        string[] sessions = [.. new[] { daemon, (int)web["pid"]!, (int)web["owner_pid"]! }
            .Select(p => Bash(string.Create(CultureInfo.InvariantCulture, $"ps -o sid= -p {p}")).Text.Trim())];
        Assert.Equal(3, sessions.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void It_has_the_callers_environment_folder_mask_and_limits_whoever_started_the_daemon()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Outcome outcome = Bash("""
            mkdir sub; cd sub; umask 027; ulimit -Sn 321; export GREETING=$'h\xffi'
            nice -n 5 sup start --name env -e EXTRA=1 -- sh -c 'pwd; umask; ulimit -Sn; nice; printf %s "$GREETING" | od -An -tx1; echo $EXTRA $SUP_SESSION_NAME'
            """);
        Assert.Equal(0, outcome.Status);
        WaitForState("env", "exited");
        Assert.Equal($"{Work}/sub\r\n0027\r\n321\r\n5\r\n 68 ff 69\r\n1 env\r\n", RunSup("logs", "env", "--raw").Text);
        string journal = File.ReadAllText(Path.Combine(State, "journal.db"), System.Text.Encoding.Latin1);
        Assert.DoesNotContain("GREETING", journal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(127, "nonexistent-program")]
    [InlineData(126, "/etc/passwd")]
    public void A_command_that_cannot_start_says_so_at_once_and_is_kept_as_failed(int status, string program)
    {
        Outcome outcome = RunSup("start", "--name", "bad", "--", program);
        Assert.Equal(status, outcome.Status);
        Assert.Contains(program, outcome.ErrorText, StringComparison.Ordinal);
        Assert.Equal("failed", StateOf("bad"));
    }

    [Fact]
    public void A_folder_that_cannot_be_entered_is_125_and_kept_as_failed()
    {
        Outcome outcome = RunSup("start", "--name", "bad", "--cwd", "/nonexistent", "--", "true");
        Assert.Equal(125, outcome.Status);
        Assert.Equal("failed", StateOf("bad"));
    }

    [Fact]
    public void A_taken_name_and_a_taken_id_exit_2_and_start_nothing()
    {
        Start("--name", "web", "--session-id", "one", "--", "sleep", "300");
        Assert.Equal(2, RunSup("start", "--name", "web", "--", "touch", "ran").Status);
        Assert.Equal(2, RunSup("start", "--session-id", "one", "--", "touch", "ran").Status);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
        Assert.Single(Sessions);
        string replaced = Start("--name", "web", "--replace", "--", "sleep", "300");
        Assert.Equal(replaced, (string?)Show("web")["id"]);
        Assert.Equal("user-stop", (string?)Show("one")["end_reason"]);
    }

    [Fact]
    public void Stop_ends_the_whole_tree_and_says_what_was_there()
    {
        Start("--name", "tree", "--", "bash", "-c", "setsid sleep 301 & (trap '' TERM HUP; sleep 302) & (sleep 303 &) ; echo ready; sleep 304");
        WaitForText("tree", "ready");
        Outcome outcome = RunSup("stop", "tree", "-t", "500ms");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("sleep (", outcome.Text, StringComparison.Ordinal);
        Assert.Empty(Show("tree")["survivors"]!.AsArray());
        Assert.Equal("user-stop", (string?)Show("tree")["end_reason"]);
        Assert.DoesNotContain(LiveProcesses.Of(Folder), p => p.Command.StartsWith("sleep 30", StringComparison.Ordinal));
    }

    [Fact]
    public void Stop_leaves_what_supervises_others_alone()
    {
        Needs.Programs("tmux");
        string socket = Path.Combine(Folder, "t.sock");
        Start("--name", "outer", "--", "bash", "-c", $"tmux -S {socket} -f /dev/null new-session -d sleep 305; sup start --name inner -- sleep 306 >/dev/null; echo ready; sleep 307");
        WaitForText("outer", "ready");
        try
        {
            Assert.Equal(0, RunSup("stop", "outer").Status);
            Assert.Equal("running", StateOf("inner"));
            Assert.Equal(0, Bash($"tmux -S {socket} has-session").Status);
        }
        finally
        {
            Bash($"tmux -S {socket} kill-server");
        }
    }

    [Fact]
    public void Stop_kill_and_signal_work_on_a_run_in_the_foreground_and_without_a_daemon()
    {
        using Child run = StartBash("sup run --name front --quiet -- sh -c 'trap \"echo got >>signals\" USR1; echo up; while :; do sleep .05; done'");
        WaitForText("front", "up");
        Assert.Equal(0, RunSup("signal", "front", "USR1").Status);
        Eventually.True("the signal", () => File.Exists(Path.Combine(Work, "signals")));
        Assert.Equal(0, RunSup("kill", "front").Status);
        Assert.Equal("SIGKILL", (string?)Show("front")["signal"]);
        Assert.Null(DaemonPid);
    }

    [Fact]
    public void Restart_begins_the_next_attempt_in_the_same_transcript_live_or_ended()
    {
        string id = Start("--name", "web", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT; sleep 300");
        WaitForText("web", "attempt 1");
        Assert.Equal(0, RunSup("restart", "web").Status);
        WaitForText("web", "attempt 2");
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal(0, RunSup("restart", id).Status);
        WaitForText("web", "attempt 3");
        JsonNode web = Show("web");
        Assert.Equal(3, (int?)web["attempt"]);
        Assert.Equal("running", (string?)web["state"]);
        Assert.Equal("attempt 1\r\nattempt 2\r\nattempt 3\r\n", OutputOf(id));
    }

    [Fact]
    public void The_end_of_a_run_in_the_foreground_cannot_be_restarted()
    {
        RunSup("run", "--session-id", "one", "true");
        Outcome outcome = RunSup("restart", "one");
        Assert.Equal(125, outcome.Status);
        Assert.Contains("caller", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void One_stops_itself_only_by_force()
    {
        Start("--name", "self", "--", "sh", "-c", "sup stop self; echo refused $?; sup stop --force self; sleep 300");
        WaitForState("self", "signaled");
        Assert.Contains("refused 125", OutputOf((string)Show("self")["id"]!), StringComparison.Ordinal);
    }

    [Fact]
    public void Fifty_that_start_at_once_share_one_daemon_and_all_run()
    {
        Outcome outcome = Bash("for i in $(seq 50); do sup start --name s$i -- sh -c \"echo run $i >>runs; sleep 300\" & done; wait", deadline: TimeSpan.FromMinutes(4));
        Assert.Equal(50, outcome.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Eventually.True("fifty runs", () => File.ReadAllLines(Path.Combine(Work, "runs")).Length == 50);
        Assert.Equal(50, (int?)Json("daemon", "status")["daemon"]!["sessions"]);
    }

    [Fact]
    public void The_detached_run_is_a_start()
    {
        string id = RunSup("run", "--name", "web", "--stop-timeout", "1s", "-d", "--", "sleep", "300").Text.Trim();
        Assert.Equal("supervised", (string?)Show(id)["terminal"]);
    }
}
