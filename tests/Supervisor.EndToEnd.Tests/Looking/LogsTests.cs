using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup logs</c></summary>
public sealed class LogsTests : Workspace
{
    [Fact]
    public void The_last_lines_are_the_last_lines()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", "seq 1 10000; printf unfinished");
        string[] all = [.. Enumerable.Range(1, 10000).Select(i => i + "\n"), "unfinished"];
        Assert.Equal(string.Concat(all), RunSup("logs", "one").Text);
        foreach (int n in new[] { 0, 1, 2, 3, 100, 10001, 20000 })
        {
            Assert.Equal(string.Concat(all.TakeLast(n)), RunSup("logs", "one", "-n", n.ToString(System.Globalization.CultureInfo.InvariantCulture)).Text);
        }

        Assert.Equal("9999\n10000\nunfinished", RunSup("logs", "-n", "3", "one").Text);
        Assert.Equal("unfinished", RunSup("logs", "one", "--tail=1").Text);
    }

    [Fact]
    public void Follow_prints_what_comes_and_ends_with_the_session()
    {
        using Child run = StartBash("sup run --session-id one sh -c 'echo first; until [ -e go ]; do sleep .02; done; echo second; printf \"\\377\\000\"; exit 3'");
        Eventually.True("it has printed", () => Sessions.Count == 1 && File.Exists(Path.Combine(Session, "output.bin")) && Transcript.Length == 6);
        using Child follow = StartBash("exec sup logs -f one >followed");
        string followed = Path.Combine(Work, "followed");
        Eventually.True("what was there is followed", () => File.Exists(followed) && new FileInfo(followed).Length == 6);
        Write("go", "");
        Assert.Equal(0, follow.Wait().Status);
        Assert.Equal(3, run.Wait().Status);
        Assert.Equal([.. "first\nsecond\n"u8, 0xff, 0x00], File.ReadAllBytes(followed));
        Assert.Equal("", RunSup("logs", "-f", "-n", "0", "one").Text);
    }

    [Fact]
    public void Ten_followers_of_a_fast_command_all_see_every_byte()
    {
        Outcome outcome = Bash("""
            (sup run --session-id one sh -c 'until [ -e go ]; do sleep .02; done; seq 1 200000' >direct) &
            until [ -d "$SUP_STATE_DIR/sessions/one/attempts" ]; do sleep .02; done
            for i in 1 2 3 4 5 6 7 8 9 10; do (sup logs -f one >f$i) & done
            sleep .3; touch go; wait; sha256sum direct f* | cut -d' ' -f1 | sort | uniq -c | tr -s ' ' | cut -d' ' -f2
            """);
        Assert.Equal("11\n", outcome.Text);
    }

    [Fact]
    public void Follow_of_a_lost_session_is_125()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'echo before; touch up; exec sleep 300'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        int pid = Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        new LiveProcess(run.Pid, "sup").Kill();
        Outcome outcome = RunSup("logs", "-f", "one");
        Assert.Equal(125, outcome.Status);
        Assert.Equal("before\n", outcome.Text);
        Assert.Contains("lost", outcome.ErrorText, StringComparison.Ordinal);
        new LiveProcess(pid, "sleep").Kill();
        run.Wait();
    }

    [Fact]
    public void On_a_terminal_there_are_colours_and_lines_and_nothing_that_acts()
    {
        RunSup("run", "--session-id", "one", "printf", "\\033]0;evil title\\007\\033[31mred\\033[0m \\033[2J\\033[?1049hplain\\033[6n\\nline two\\n");
        using RealTerminal terminal = new(this);
        Screen screen = terminal.Command("sup logs one");
        Assert.Contains("red plain", screen.Text, StringComparison.Ordinal);
        Assert.True(screen.HasLine("line two"));
        Assert.Contains("\u001b[31mred", screen.Cells, StringComparison.Ordinal);
        Assert.Contains("alternate 0", screen.Modes, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", screen.Modes, StringComparison.Ordinal);
        Assert.StartsWith("[1]", screen.Lines[0], StringComparison.Ordinal);
    }
}
