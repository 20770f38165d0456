using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>The daemon knows of runs in the foreground, too, and leaves them alone.</summary>
public sealed class ObservedTests : SupervisedWorkspace
{
    [Fact]
    public void Runs_from_before_and_after_its_start_are_counted_while_they_live()
    {
        Bash("mkfifo go1 go2");
        using Child before = StartBash("sup run --name before --quiet -- sh -c 'echo up; read line <go1'");
        WaitForText("before", "up");
        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitForCount(1);
        using Child after = StartBash("sup run --name after --quiet -- sh -c 'echo up; read line <go2'");
        WaitForCount(2);
        Start("--name", "third", "--", "sleep", "300");
        Assert.Equal((3, 2), Counts());
        Assert.Contains("3 sessions (2 in the foreground)", RunSup("daemon", "status").Text, StringComparison.Ordinal);
        Bash("echo >go1; echo >go2");
        WaitForCount(0);
        Assert.Equal((1, 0), Counts());
    }

    [Fact]
    public void Their_ends_are_journaled_with_exit_codes_also_those_without_a_daemon()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Bash("mkfifo go1 go2");
        using Child one = StartBash("sup run --session-id one --quiet -- sh -c 'read line <go1; exit 5'");
        using Child two = StartBash("sup run --session-id two --quiet -- sh -c 'read line <go2; kill -KILL $$'");
        WaitForCount(2);
        Bash("echo >go1");
        WaitForCount(1);
        Assert.Contains("\"exit_code\":5", Journal, StringComparison.Ordinal);
        KillDaemon();
        Bash("echo >go2");
        WaitForState("two", "signaled");
        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitForCount(0);
        Assert.Contains("\"signal\":\"SIGKILL\"", Journal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_whose_sup_was_killed_is_written_down_as_lost(bool whileItRuns)
    {
        if (whileItRuns)
        {
            Assert.Equal(0, RunSup("daemon", "start").Status);
        }

        using Child run = StartBash("sup run --session-id one --quiet --pty never -- sleep 300");
        Eventually.True("the command", () => Directory.Exists(Path.Combine(State, "sessions", "one")) && StateOf("one") is "running");
        if (whileItRuns)
        {
            WaitForCount(1);
        }

        JsonNode session = Show("one");
        Kill((int)session["owner_pid"]!);
        string final = Path.Combine(State, "sessions", "one", "final.json");
        if (!whileItRuns)
        {
            Assert.Equal("lost", StateOf("one"));
            Assert.False(File.Exists(final));
            Assert.Equal(0, RunSup("daemon", "start").Status);
        }

        Eventually.True("it is written down", () => File.Exists(final) && File.ReadAllText(final).Contains("owner-lost", StringComparison.Ordinal));
        WaitForCount(0);
        Kill((int)session["pid"]!);
    }

    [Fact]
    public void Their_silence_is_told_and_a_redraw_after_a_resize_does_not_end_it()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        string script = Path.Combine(Work, "draw.sh");

        // wait is interrupted by a trapped signal at once: the redraw comes as quickly as a real program's.
        File.WriteAllText(script, "trap 'echo redrawn' WINCH; trap 'echo more' USR1; echo up; sleep 300 & while kill -0 $! 2>/dev/null; do wait $!; done\n");
        using RealTerminal terminal = new(this, 100, 30);
        terminal.Enter($"sup run --session-id one --quiet --silence-after 2s -- bash {script}");
        WaitFor(["idle"]);
        terminal.Resize(101, 31);
        Eventually.True("the redraw", () => OutputOf("one").Contains("redrawn", StringComparison.Ordinal));
        Assert.Equal("idle", StateOf("one"));
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -USR1 {(int)Show("one")["pid"]!}"));
        WaitFor(["resized", "active", "idle"], skip: 1);
        Assert.Equal(0, RunSup("kill", "one").Status);
    }

    [Fact]
    public void The_short_ones_cost_no_connection_and_are_known_all_the_same()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(i, RunSup("run", "--session-id", string.Create(CultureInfo.InvariantCulture, $"short{i}"), "sh", "-c", $"exit {i}").Status);
        }

        for (int i = 0; i < 5; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"short{i}");
            Eventually.True(id, () => Journal.Contains($"/{id}", StringComparison.Ordinal));
        }

        Assert.Contains("\"exit_code\":4", Journal, StringComparison.Ordinal);
        WaitForCount(0);
    }

    private string Journal => string.Concat(new[] { "journal.db", "journal.db-wal" }.Select(f => Path.Combine(State, f)).Where(File.Exists)
        .Select(f => File.ReadAllText(f, System.Text.Encoding.Latin1)));

    private (int All, int Observed) Counts()
    {
        JsonNode daemon = Json("daemon", "status")["daemon"]!;
        return ((int)daemon["sessions"]!, (int)daemon["observed_sessions"]!);
    }

    private void WaitForCount(int observed) => Eventually.True($"{observed} observed", () => Counts().Observed == observed, () => Counts().ToString());

    private void WaitFor(string[] silences, int skip = 0)
    {
        string[] Now() =>
        [
            .. RunSup("events", "--json").Lines.Select(l => ((string)JsonNode.Parse(l)!["type"]!)["session.".Length..]).Where(t => t is "idle" or "active" or "resized")
                .SkipWhile(t => t is "resized").Skip(skip),
        ];
        Eventually.True(string.Join(' ', silences), () => Now().SequenceEqual(silences), () => string.Join(' ', Now()));
    }
}
