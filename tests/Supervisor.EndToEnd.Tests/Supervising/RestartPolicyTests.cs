using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>Commands that end are started again as their policy has it, whoever dies meanwhile; and a person's stop is never undone.</summary>
public sealed class RestartPolicyTests : SupervisedWorkspace
{
    [Fact]
    public void On_failure_starts_again_until_its_number_is_used_up()
    {
        Start("--name", "web", "--restart", "on-failure:2", "--restart-delay", "10ms", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT; exit 3");
        WaitForState("web", "exited");
        JsonNode web = Show("web");
        Assert.Equal("gave-up", (string?)web["end_reason"]);
        Assert.Equal(3, (int?)web["exit_code"]);
        Assert.Equal(3, (int?)web["attempt"]);
        Assert.Equal("attempt 1\r\nattempt 2\r\nattempt 3\r\n", OutputOf((string)web["id"]!));
    }

    [Fact]
    public void A_success_ends_it_and_so_does_a_code_that_was_said_to_be_one()
    {
        Start("--name", "a", "--restart", "on-failure", "--restart-delay", "0", "--", "sh", "-c", "[ $SUP_ATTEMPT = 2 ] || exit 1");
        Start("--name", "b", "--restart", "on-failure", "--success-codes", "0,7", "--restart-delay", "0", "--", "sh", "-c", "exit 7");
        WaitForState("a", "exited");
        WaitForState("b", "exited");
        Assert.Equal(("exit", 2), ((string?)Show("a")["end_reason"], (int?)Show("a")["attempt"]));
        Assert.Equal(("exit", 1), ((string?)Show("b")["end_reason"], (int?)Show("b")["attempt"]));
        Assert.DoesNotContain("b", RunSup("history", "--failed").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void In_back_off_the_next_try_is_said_and_a_stop_ends_it()
    {
        Start("--name", "web", "--restart", "always", "--restart-delay", "20s", "--", "sh", "-c", "exit 1");
        WaitForState("web", "backoff");
        Eventually.True("the next try", () => Show("web")["next_attempt_at"] is not null);
        JsonNode web = Show("web");
        Assert.Null(web["waiting_for"]);
        Assert.Null(web["pid"]);
        Assert.Contains("next try", RunSup("show", "web").Text, StringComparison.Ordinal);
        Assert.Contains("backoff", RunSup("ls").Text, StringComparison.Ordinal);
        Assert.Equal(0, RunSup("rename", "web", "api").Status);
        Assert.Equal(0, RunSup("stop", "api").Status);
        Assert.Equal(("exited", "user-stop"), (StateOf("api"), (string?)Show("api")["end_reason"]));
        Assert.Equal("api", (string?)Show("api")["name"]);
    }

    [Fact]
    public void A_restart_by_hand_does_not_wait_for_the_delay()
    {
        Start("--name", "web", "--restart", "always", "--restart-delay", "1h", "--restart-max-delay", "1h", "--", "sh", "-c", "[ $SUP_ATTEMPT = 1 ] && exit 1; exec sleep 300");
        WaitForState("web", "backoff");
        Assert.Equal(0, RunSup("restart", "web").Status);
        Assert.Equal(("running", 2), (StateOf("web"), (int?)Show("web")["attempt"]));
    }

    [Fact]
    public void What_an_attempt_left_behind_is_ended_before_the_next_begins()
    {
        Start("--name", "web", "--pty", "never", "--restart", "always", "--restart-delay", "0", "--", "sh", "-c", "[ $SUP_ATTEMPT = 1 ] || exec sleep 300; nohup sleep 987 >/dev/null 2>&1 & exit 1");
        WaitForState("web", "running");
        Eventually.True("the second attempt", () => (int?)Show("web")["attempt"] == 2);
        Assert.DoesNotContain("sleep\0987", string.Concat(Directory.GetDirectories("/proc").Select(CommandOf)), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_daemon_it_waits_for_one_and_goes_on_with_the_next()
    {
        Bash("mkfifo go");
        Start("--name", "web", "--restart", "always", "--restart-delay", "10ms", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT; [ $SUP_ATTEMPT = 1 ] || exec sleep 300; read x <go; exit 1");
        KillDaemon();
        Bash("echo >go");
        WaitForState("web", "backoff");
        Assert.Equal("daemon", (string?)Show("web")["waiting_for"]);
        Assert.Contains("waits for a daemon", RunSup("ls").Text, StringComparison.Ordinal);
        Assert.NotEqual(0, RunSup("rm", "web").Status);
        Assert.Equal(0, RunSup("clean", "--yes").Status);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitForText("web", "attempt 2");
        Assert.Equal("running", StateOf("web"));
    }

    [Fact]
    public void A_stop_without_a_daemon_is_not_undone_by_the_next()
    {
        Bash("mkfifo go");
        Start("--name", "web", "--restart", "always", "--restart-delay", "0", "--", "sh", "-c", "echo run >>runs; read x <go; exit 1");
        KillDaemon();
        Bash("echo >go");
        WaitForState("web", "backoff");
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("nothing is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0);
        Assert.Equal("run\n", File.ReadAllText(Path.Combine(Work, "runs")));
        Assert.Equal("exited", StateOf("web"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_keeper_that_is_killed_is_followed_by_the_next_attempt(bool withDaemon)
    {
        string id = Start("--name", "web", "--restart", "on-failure", "--restart-delay", "10ms", "--", "sh", "-c", "echo attempt $SUP_ATTEMPT; exec sleep 300");
        JsonNode web = Show("web");
        if (!withDaemon)
        {
            KillDaemon();
        }

        Kill((int)web["owner_pid"]!);
        if (!withDaemon)
        {
            WaitForState("web", "backoff");
            Assert.Equal(0, RunSup("daemon", "start").Status);
        }

        WaitForText("web", "attempt 2");
        WaitForState("web", "running");
        Assert.False(LiveProcesses.IsAlive((int)web["pid"]!));
        Assert.Equal("attempt 1\r\nattempt 2\r\n", OutputOf(id));
    }

    [Fact]
    public void A_command_that_cannot_be_started_at_first_is_an_error_and_later_a_failed_attempt()
    {
        Bash("printf '#!/bin/sh\\necho attempt $SUP_ATTEMPT\\nrm run\\nexit 1\\n' >run; chmod +x run; cp run keep");
        Assert.Equal(127, RunSup("start", "--restart", "always", "--", "./none").Status);
        Start("--name", "web", "--restart", "always", "--restart-delay", "100ms", "--", "./run");
        Eventually.True("a try without the program", () => (int)Show("web")["attempt"]! >= 3);
        Assert.Contains(Show("web")["attempts"]!.AsArray(), a => a!["error"] is not null);
        Bash("sed -i s/^rm.*// keep; mv keep run");
        WaitForText("web", "attempt");
        Eventually.True("it runs again", () => RunSup("logs", "web", "--raw").Text.Split("attempt").Length > 2);
    }

    [Fact]
    public void A_stop_in_back_off_ends_what_the_last_attempt_left_and_wakes_a_stopped_keeper()
    {
        Start("--name", "web", "--pty", "never", "--restart", "always", "--restart-delay", "1h", "--restart-max-delay", "1h", "--", "sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $! >left; exit 1");
        WaitForState("web", "backoff");
        int left = int.Parse(File.ReadAllText(Path.Combine(Work, "left")), CultureInfo.InvariantCulture);
        Assert.True(LiveProcesses.IsAlive(left));
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -STOP {(int)Show("web")["owner_pid"]!}"));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.False(LiveProcesses.IsAlive(left));
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
    }

    [Fact]
    public void A_restart_that_no_keeper_can_be_started_for_is_an_error_and_changes_nothing()
    {
        string first = Start("--name", "web", "--", "sh", "-c", "exit 0");
        WaitForState(first, "exited");
        Start("--name", "web", "--", "sleep", "300");
        Outcome refused = RunSup("restart", first);
        Assert.Equal(2, refused.Status);
        Assert.Contains("web", refused.ErrorText, StringComparison.Ordinal);
        Assert.Equal(("exited", 1), (StateOf(first), (int?)Show(first)["attempt"]));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal(0, RunSup("restart", first).Status);
    }

    [Theory]
    [InlineData("always", true, true)]
    [InlineData("always", false, false)]
    [InlineData("unless-stopped", true, false)]
    public void After_a_reboot_what_was_stopped_before_it_is_begun_by_always_alone(string policy, bool stoppedBefore, bool begun)
    {
        const string Other = "00000000-0000-4000-8000-000000000000";
        string id = Start("--restart", policy, "--", "sh", "-c", "echo run >>runs; exec sleep 300");
        string other = Start("--restart", "always", "--", "sh", "-c", "echo run >>others; exec sleep 300");
        Assert.Equal(0, RunSup("stop", id, other).Status);
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        string boot = (string)Show(id)["boot_id"]!;
        foreach (string file in stoppedBefore ? new[] { $"{id}/meta.json", $"{id}/final.json", $"{other}/meta.json", $"{other}/final.json" } : [$"{id}/meta.json", $"{other}/meta.json", $"{other}/final.json"])
        {
            string path = Path.Combine(State, "sessions", file);
            File.WriteAllText(path, File.ReadAllText(path).Replace(boot, Other, StringComparison.Ordinal));
        }

        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitForState(other, "running");
        if (begun)
        {
            WaitForState(id, "running");
        }

        Assert.Equal(begun ? 2 : 1, File.ReadAllLines(Path.Combine(Work, "runs")).Length);
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitForState(other, "running");
        Assert.Equal((begun ? 2 : 1, 2), (File.ReadAllLines(Path.Combine(Work, "runs")).Length, File.ReadAllLines(Path.Combine(Work, "others")).Length));
    }

    [Theory]
    [InlineData("--restart", "on-failure:x")]
    [InlineData("--restart", "on-failure:0")]
    [InlineData("--restart", "on-failure:-1")]
    [InlineData("--restart", "sometimes")]
    [InlineData("--restart", "")]
    [InlineData("--restart-delay", "-1s")]
    [InlineData("--restart-delay", "soon")]
    [InlineData("--restart-delay", "25h")]
    [InlineData("--restart-delay=60s", "--restart-max-delay=5s")]
    [InlineData("--restart-reset", "-5")]
    [InlineData("--success-codes", "0,x")]
    [InlineData("--success-codes", "256")]
    [InlineData("--success-codes", "-1")]
    public void What_is_no_policy_exits_2_and_starts_nothing(string first, string second)
    {
        Outcome outcome = RunSup("start", first, second, "--", "touch", "ran");
        Assert.Equal(2, outcome.Status);
        Assert.StartsWith("sup: ", outcome.ErrorText, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
        Assert.False(Directory.Exists(Path.Combine(State, "sessions")));
    }

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
