using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Sessions.Processes;

namespace Supervisor.EndToEnd.Tests.Daemon;

/// <summary><c>sup daemon start|stop|status|run</c></summary>
public sealed class DaemonCommandTests : Workspace
{
    protected override void Dispose(bool disposing)
    {
        RunSup("daemon", "stop");
        Assert.False(File.Exists(Path.Combine(State, "daemon.sock")));
        base.Dispose(disposing);
    }

    [Fact]
    public void Of_fifty_starts_at_once_one_daemon_comes_up()
    {
        Outcome outcome = Bash("for i in $(seq 50); do sup daemon start & done; wait");
        Assert.Equal("", outcome.ErrorText);
        Assert.Equal(50, outcome.Lines.Length);
        Assert.Single(outcome.Lines.Select(l => l.Split(',')[0]).Distinct());
        Assert.Single(LiveProcesses.Of(State));
        Assert.Single(Directory.GetFiles(Path.Combine(State, "logs"), "daemon-*.log").SelectMany(File.ReadAllLines), l => l.Contains("is ready", StringComparison.Ordinal));
    }

    [Fact]
    public void Status_tells_of_it_and_stop_ends_it()
    {
        Assert.Contains("not running", RunSup("daemon", "status").Text, StringComparison.Ordinal);
        JsonObject none = Json("daemon", "status");
        Assert.True(none.ContainsKey("daemon"));
        Assert.Null(none["daemon"]);
        Outcome nothing = RunSup("daemon", "stop");
        Assert.Equal((0, "not running\n"), (nothing.Status, nothing.Text));
        Assert.False(Directory.Exists(State));

        JsonNode started = Json("daemon", "start")["daemon"]!;
        JsonObject status = Json("daemon", "status");
        Assert.Equal("v1alpha1", (string?)status["schema_version"]);
        Assert.Equal((int)started["pid"]!, (int)status["daemon"]!["pid"]!);
        Assert.Equal((string?)status["version"], (string?)status["daemon"]!["version"]);
        Assert.Equal(Path.Combine(State, "daemon.sock"), (string?)status["daemon"]!["socket"]);
        Assert.Equal(0, (int)status["daemon"]!["sessions"]!);
        Assert.Equal((int)started["pid"]!, (int)Json("status")["daemon"]!["pid"]!);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"daemon: running: pid {(int)started["pid"]!}"), RunSup("status").Text, StringComparison.Ordinal);

        Assert.Equal(0, RunSup("daemon", "stop").Status);
        Assert.Empty(LiveProcesses.Of(State));
        Assert.Contains("daemon: not running", RunSup("status").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_outlives_the_terminal_it_was_started_from()
    {
        Needs.Programs("tmux");
        int pid;
        using (RealTerminal terminal = new(this))
        {
            terminal.Command("sup daemon start > started; touch done");
            Eventually.True("it is started", () => File.Exists(Path.Combine(Work, "done")));
            pid = (int)Json("daemon", "status")["daemon"]!["pid"]!;
        }

        Assert.Equal(pid, (int)Json("daemon", "status")["daemon"]!["pid"]!);
        ProcStat stat = ProcStat.Read(pid)!;
        Assert.Equal(pid, stat.Session);
    }

    [Fact]
    public void Nobody_waits_for_it()
    {
        // The substitution ends when the last process has let go of the pipe.
        Outcome outcome = Bash("""
            read -r said < <(sup daemon start 2>&1; echo)
            exec 5< <(sup daemon stop; sup daemon start); cat <&5 | tail -n 1
            """);
        Assert.StartsWith("running: pid ", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void In_the_foreground_it_is_the_process_that_was_started()
    {
        using Child child = StartBash("exec sup daemon run");
        Eventually.True("it is ready", () => (int?)Json("daemon", "status")["daemon"]?["pid"] == child.Pid);
        Outcome second = RunSup("daemon", "run");
        Assert.Equal(125, second.Status);
        Assert.Contains("runs already", second.ErrorText, StringComparison.Ordinal);
        RunSup("daemon", "stop");
        Outcome outcome = child.Wait();
        Assert.Equal(0, outcome.Status);
        Assert.Contains("\"message\":\"the daemon has stopped\"", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_user_manager_answers_it_gets_a_scope_of_its_own()
    {
        Directory.CreateDirectory(Path.Combine(Home, "run", "systemd"));
        File.WriteAllText(Path.Combine(Home, "run", "systemd", "private"), "");
        Variables["XDG_RUNTIME_DIR"] = Path.Combine(Home, "run");

        // One that answers, and says how it was asked; then one that does not.
        string fake = Path.Combine(Bin, "systemd-run");
        File.WriteAllText(fake, $"#!/bin/sh\necho \"$@\" >>{Work}/asked\nwhile [ \"$1\" != -- ] && [ \"$1\" != true ]; do shift; done\n[ \"$1\" = -- ] && shift\nexec \"$@\"\n");
        File.SetUnixFileMode(fake, (UnixFileMode)0x1ED);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Assert.Contains("--user --scope", File.ReadAllLines(Path.Combine(Work, "asked"))[^1], StringComparison.Ordinal);
        Assert.Contains("sup-daemon", File.ReadAllLines(Path.Combine(Work, "asked"))[^1], StringComparison.Ordinal);
        Assert.Contains("OOMPolicy=continue", File.ReadAllLines(Path.Combine(Work, "asked"))[^1], StringComparison.Ordinal);
        RunSup("daemon", "stop");

        // An older one, which does not know that setting.
        string newer = File.ReadAllText(fake);
        File.WriteAllText(fake, newer.Replace("while", "case \"$*\" in *OOMPolicy*) exit 1;; esac\nwhile", StringComparison.Ordinal));
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Assert.Contains("sup-daemon", File.ReadAllLines(Path.Combine(Work, "asked"))[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("OOMPolicy", File.ReadAllLines(Path.Combine(Work, "asked"))[^1], StringComparison.Ordinal);
        RunSup("daemon", "stop");
        File.WriteAllText(fake, "#!/bin/sh\necho cannot connect >&2\nexit 1\n");
        Assert.Equal(0, RunSup("daemon", "start").Status);
    }
}
