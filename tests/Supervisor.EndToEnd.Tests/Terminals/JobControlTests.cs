using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>Ctrl-C, Ctrl-Z, fg, bg and the background, in a shell with job control.</summary>
public sealed class JobControlTests
{
    private const string Counter = """
        $| = 1; $SIG{INT} = sub { $n++; print "INT $n\n" }; $SIG{QUIT} = sub { $q++; print "QUIT $q\n" };
        print "ready\n"; select undef, undef, undef, 0.02 until -e "stop"; print "total ", 0 + $n, " ", 0 + $q, "\n";
        """;

    [Theory]
    [InlineData("r perl counter.pl", true)]
    [InlineData("r perl counter.pl | sh -c \"trap '' INT QUIT; cat\"", false)]
    [InlineData("cat | r perl counter.pl | sh -c \"trap '' INT QUIT; cat\"", false)]
    public void Ctrl_C_and_Ctrl_backslash_are_delivered_exactly_once(string line, bool isPty) => SameScreens.Compare(
        w => w.Write("counter.pl", Counter),
        pass =>
        {
            pass.Terminal.Enter(line);
            pass.Snap("ready", s => s.HasLine("ready"));
            if (pass.IsSupervised && isPty)
            {
                pass.Terminal.WaitUntilRaw();
            }

            for (int i = 1; i <= 3; i++)
            {
                pass.Terminal.Press("C-c");
                pass.Terminal.WaitFor(string.Create(CultureInfo.InvariantCulture, $"INT {i}"));
            }

            pass.Terminal.Press("C-\\");
            pass.Terminal.WaitFor("QUIT 1");
            pass.Workspace.Write("stop", "");
            pass.SnapPrompt("ended", 2);
            Assert.Contains("total 3 1", pass.Terminal.Look().Text, StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("C-c", "r sleep 300; echo status $?", true)]
    [InlineData("C-\\", "ulimit -c 0; r sleep 300", true)]
    [InlineData("C-c", "for i in 1 2 3; do r sleep 300; done; echo not reached", true)]
    [InlineData("C-c", "sh loop.sh; echo status $?", true)]
    [InlineData("C-c", "bash loop.sh; echo status $?", true)]
    [InlineData("C-c", "r sleep 300 && echo not reached; echo reached", true)]
    [InlineData("C-c", "sleep 299 | r sleep 300; echo ${PIPESTATUS[@]}", false)]
    [InlineData("C-c", "r sleep 300 | cat; echo ${PIPESTATUS[@]}", false)]
    [InlineData("C-c", "r sh -c 'sleep 300; echo not reached'", true)]
    [InlineData("C-c", "r sh trap.sh; echo $?", true)]
    public void A_key_that_ends_the_command_ends_what_is_around_it_as_without_sup(string key, string line, bool isPty) => SameScreens.Compare(
        w =>
        {
            w.Write("loop.sh", "for i in 1 2 3; do r sleep 300; done; echo not reached\n");
            w.Write("trap.sh", "trap 'echo caught; kill $!; exit 4' INT; sleep 300 & wait; exit 5\n");
        },
        pass =>
        {
            pass.Terminal.Enter(line);
            pass.WaitUntilSleeps(raw: isPty);
            pass.Terminal.Press(key);
            pass.SnapPrompt("ended", 2);
            pass.Terminal.Enter("clear; stty -a");
            pass.SnapPrompt("settings", 3);
        });

    [Fact]
    public void Ctrl_Z_stops_and_fg_resumes() => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter("r cat");
            pass.WaitUntilRuns("cat");
            pass.Terminal.Enter("one");
            pass.Snap("first line", s => s.CountOf("one") == 2);
            pass.Terminal.Press("C-z");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Enter("stty -a; jobs");
            pass.SnapPrompt("jobs", 3);
            pass.Terminal.Enter("fg");
            pass.WaitUntilContinued("cat");
            pass.Terminal.Enter("two");
            pass.Snap("second line", s => s.CountOf("two") == 2);
            pass.Terminal.Press("C-z");
            pass.SnapPrompt("stopped again", 4);
            pass.Terminal.Enter("fg");
            pass.WaitUntilContinued("cat");
            pass.Terminal.Press("C-d");
            pass.SnapPrompt("ended", 5);
        });

    [Fact]
    public void A_command_that_stops_itself_stops_the_job() => SameScreens.Compare(
        w => w.Write("self.sh", "echo before; kill -STOP $$; echo between; kill -TSTP $$; echo after; exit 6\n"),
        pass =>
        {
            pass.Terminal.Enter("r sh self.sh");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Enter("fg");
            pass.SnapPrompt("stopped by TSTP", 3);
            pass.Terminal.Enter("fg; echo $?");
            pass.SnapPrompt("ended", 4);
        });

    [Theory]
    [InlineData("TTIN")]
    [InlineData("TTOU")]
    public void A_command_that_has_the_terminal_and_stops_as_if_it_had_not_stays_stopped_until_fg(string signal) => SameScreens.Compare(
        w => w.Write("self.sh", $"echo before; kill -{signal} $$; echo between; kill -{signal} $$; echo after; exit 6\n"),
        pass =>
        {
            pass.Terminal.Enter("r sh self.sh");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Enter("fg");
            pass.SnapPrompt("stopped again", 3);
            pass.Terminal.Enter("fg; echo $?");
            pass.SnapPrompt("ended", 4);
        });

    [Fact]
    public void Bg_lets_a_stopped_command_go_on_in_the_background() => SameScreens.Compare(
        // Not a shell with a loop: one that is just starting a child by vfork(2) cannot stop before the child has.
        w => w.Write("work.pl", "$| = 1; print \"started\\n\"; select undef, undef, undef, 0.02 until -e 'go'; print \"finished\\n\"; exit 3\n"),
        pass =>
        {
            pass.Terminal.Enter("r perl work.pl");
            pass.Snap("started", s => s.HasLine("started"));
            pass.WaitUntilRuns("perl work.pl");
            pass.Terminal.Press("C-z");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Enter("bg");
            pass.SnapPrompt("in the background", 3);
            pass.Terminal.Enter("touch go; wait");
            pass.SnapPrompt("finished", 4);
            pass.Terminal.Enter("echo; stty -a");
            pass.SnapPrompt("settings", 5);
        });

    [Fact]
    public void A_run_in_the_background_prints_and_touches_nothing() => SameScreens.Compare(
        w => w.Write("work.sh", "echo working; stty size >/dev/null; touch up; until [ -e go ]; do sleep .02; done; echo done; exit 0\n"),
        pass =>
        {
            pass.Terminal.Enter("r sh work.sh & until [ -e up ]; do sleep .02; done");
            pass.SnapPrompt("working", 2);
            pass.Terminal.Enter("clear; stty -a; jobs");
            pass.SnapPrompt("meanwhile", 3);
            pass.Terminal.Enter("echo typing works; touch go; wait");
            pass.SnapPrompt("after", 4);
        });

    [Fact]
    public void A_run_in_the_background_that_reads_is_stopped_and_fg_lets_it_read() => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter("r sh -c 'read line; echo \"<$line>\"' &");
            pass.Terminal.WaitForPrompt(2);
            pass.WaitUntilStopped("sh -c read");
            pass.Terminal.Enter("clear");
            pass.Terminal.WaitForPrompt(3);
            pass.Terminal.Enter("jobs");
            pass.Snap("stopped", s => s.Has("Stopped") && s.LastLine.StartsWith("[4]", StringComparison.Ordinal));
            pass.Terminal.Enter("fg");
            pass.Terminal.WaitUntil("it is in front", s => s.LastLine.StartsWith("r sh", StringComparison.Ordinal));
            if (pass.IsSupervised)
            {
                pass.Terminal.WaitUntilRaw();
            }

            pass.Terminal.Enter("a line");
            pass.Snap("read", s => s.HasLine("<a line>") && s.LastLine.StartsWith("[5]", StringComparison.Ordinal));
        });

    [Fact]
    public void The_same_in_pipe_mode() => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter("r cat | cat");
            pass.WaitUntilRuns("cat", raw: false);
            pass.Terminal.Enter("one");
            pass.Snap("first line", s => s.CountOf("one") == 2);
            pass.Terminal.Press("C-z");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Enter("fg");
            pass.Terminal.WaitUntil("it is in front", s => s.LastLine.StartsWith("r cat", StringComparison.Ordinal));
            pass.Terminal.Enter("two");
            pass.Snap("second line", s => s.CountOf("two") == 2);
            pass.Terminal.Press("C-d");
            pass.SnapPrompt("ended", 3);
            pass.Terminal.Enter("r sh -c 'kill -STOP $$; echo on' | cat");
            pass.WaitUntilStopped("sh -c kill");
            pass.Terminal.Press("C-z");
            pass.SnapPrompt("stopped by itself", 4);
            pass.Terminal.Enter("fg");
            pass.SnapPrompt("went on", 5);
        });

    /// <summary>A script stands between: an interactive shell would put the settings right by itself.</summary>
    [Theory]
    [InlineData("exit")]
    [InlineData("Ctrl-C")]
    [InlineData("kill -9")]
    [InlineData("kill -TERM")]
    [InlineData("kill -INT")]
    [InlineData("kill -QUIT")]
    [InlineData("crash")]
    [InlineData("kill -9 command")]
    [InlineData("kill -9 monitor")]
    [InlineData("not found")]
    public void The_settings_are_restored_however_it_ends(string how)
    {
        using Workspace workspace = new();
        // What the shell says of a killed sup may come before the settings are back, and leave the cursor where it is.
        workspace.Write("outer.sh", "ulimit -c 0; trap : INT QUIT; sup run --quiet --session-id one sh inner.sh; touch ended; until [ -e go ]; do sleep .02; done; printf '\\r'\n");
        workspace.Write("inner.sh", "trap '' HUP; touch up; until [ -e end ]; do sleep .02; done; [ ! -e missing ] || exec sup run --quiet -- no-such-command\n");
        using RealTerminal terminal = new(workspace);
        terminal.Command("stty -ixon -echoctl erase ^H");
        terminal.Enter("sleep 300");
        terminal.WaitUntil("the shell is out of the way", s => s.LastLine.EndsWith("sleep 300", StringComparison.Ordinal));
        Eventually.True("it runs", () => LiveProcesses.Of(workspace.Folder).Any(p => p.Command.StartsWith("sleep 300", StringComparison.Ordinal)));
        string before = terminal.Settings();
        Assert.Contains("-echoctl", before, StringComparison.Ordinal);
        terminal.Press("C-c");
        terminal.WaitForPrompt(3);

        terminal.Enter("sh outer.sh");
        terminal.WaitUntilRaw();
        Eventually.True("the command runs", () => File.Exists(Path.Combine(workspace.Work, "up")));
        Eventually.True("it is known to run", () => workspace.Json("show", "one")["session"]!["pid"] is not null);
        int owner = workspace.Json("show", "one")["session"]!["owner_pid"]!.GetValue<int>();
        int command = workspace.Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        switch (how)
        {
            case "not found":
                workspace.Write("missing", "");
                workspace.Write("end", "");
                break;
            case "exit":
                workspace.Write("end", "");
                break;
            case "crash":
                // The runtime takes the first for a fault of its own that comes again.
                workspace.Bash(string.Create(CultureInfo.InvariantCulture, $"while kill -SEGV {owner}; do sleep .05; done 2>/dev/null"));
                break;
            case "kill -9 command":
                workspace.Bash(string.Create(CultureInfo.InvariantCulture, $"kill -9 {command}"));
                break;
            case "kill -9 monitor":
                workspace.Bash(string.Create(CultureInfo.InvariantCulture, $"kill -9 $(ps -o ppid= -p {command})"));
                break;
            case "Ctrl-C":
                terminal.Press("C-c");
                break;
            default:
                workspace.Bash(string.Create(CultureInfo.InvariantCulture, $"{how} {owner}"));
                break;
        }

        Eventually.True("sup has ended", () => File.Exists(Path.Combine(workspace.Work, "ended")));
        terminal.WaitForSettings(before);
        workspace.Write("end", "");
        workspace.Write("go", "");
        terminal.WaitForPrompt(4);
    }

    [Fact]
    public void A_terminal_that_vanishes_hangs_up_the_command_and_its_last_words_are_kept()
    {
        using Workspace workspace = new();
        using (RealTerminal terminal = new(workspace))
        {
            terminal.Enter("sup run --quiet --session-id gone sh -c 'trap \"echo hung up; exit 5\" HUP; echo ready; while :; do sleep .05; done'");
            terminal.WaitForLine("ready");
            terminal.WaitUntilRaw();
            terminal.Close();
        }

        Eventually.True("the session has ended", () => File.Exists(Path.Combine(workspace.State, "sessions/gone/final.json")));
        Assert.Equal(5, workspace.FileOf("final.json")["exit_code"]!.GetValue<int>());
        Assert.Contains("hung up", System.Text.Encoding.UTF8.GetString(workspace.Transcript), StringComparison.Ordinal);
    }

    [Fact]
    public void Signals_to_sup_reach_the_command_in_its_terminal_once()
    {
        using Workspace workspace = new();
        workspace.Write("all.pl", """
            $| = 1; for my $s (qw(TERM INT HUP QUIT USR1 USR2)) { $SIG{$s} = sub { $n{$s}++; print "$s\n" } }
            print "ready\n"; select undef, undef, undef, 0.02 until -e "stop"; print join(" ", map { "$_=$n{$_}" } sort keys %n), "\n";
            """);
        using RealTerminal terminal = new(workspace);
        terminal.Enter("sup run --quiet --session-id s perl all.pl");
        terminal.WaitForLine("ready");
        terminal.WaitUntilRaw();
        int owner = workspace.Json("show", "s")["session"]!["owner_pid"]!.GetValue<int>();
        foreach (string signal in new[] { "TERM", "INT", "HUP", "QUIT", "USR1", "USR2" })
        {
            workspace.Bash(string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {owner}"));
            terminal.WaitForLine(signal);
        }

        workspace.Write("stop", "");
        terminal.WaitForLine("HUP=1 INT=1 QUIT=1 TERM=1 USR1=1 USR2=1");
        terminal.WaitForPrompt(2);
    }

    [Fact]
    public void The_window_size_is_the_users_at_the_start_and_follows_a_storm_of_changes()
    {
        using Workspace workspace = new();
        workspace.Write("size.sh", "trap 'stty size' WINCH; stty size; echo ready; until [ -e stop ]; do sleep .02; done; echo last; stty size\n");
        using RealTerminal terminal = new(workspace, 91, 27);
        terminal.Enter("sup run --quiet --session-id s sh size.sh");
        terminal.WaitForLine("27 91");
        terminal.WaitForLine("ready");
        for (int i = 0; i < 40; i++)
        {
            terminal.Resize(60 + i, 20 + (i % 5));
        }

        terminal.WaitForLine("24 99");
        workspace.Write("stop", "");
        terminal.WaitForPrompt(2);
        Assert.Contains("last\n24 99\n", terminal.History(), StringComparison.Ordinal);
        Assert.Contains(workspace.LinesOf("events.jsonl"), e =>
            (string?)e["type"] is "resized" && e["columns"]!.GetValue<int>() == 99 && e["rows"]!.GetValue<int>() == 24);
    }
}
