using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup status</c>, and how tables look on a terminal.</summary>
public sealed class StatusTests : Workspace
{
    [Fact]
    public void It_sums_up_what_runs_and_what_failed()
    {
        Assert.Contains("0 live, 0 ended", RunSup("status").Text, StringComparison.Ordinal);
        RunSup("run", "--session-id", "fine", "true");
        RunSup("run", "--session-id", "bad", "sh", "-c", "exit 3");
        RunSup("run", "--session-id", "worse", "sh", "-c", "kill -KILL $$");
        using Child run = StartBash("exec sup run --session-id one --name web sh -c 'echo hello; touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")) && (string?)Json("show", "one")["session"]!["state"] is "running");

        string text = RunSup("status").Text;
        Assert.StartsWith($"1 live, 3 ended, 2 of them not well; kept in {State}\ndaemon: not running\n", text, StringComparison.Ordinal);
        foreach (string part in new[] { "one", "web", "running", "bad", "exited 3", "worse", "SIGKILL" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("fine", text, StringComparison.Ordinal);
        JsonObject json = Json("status");
        Assert.Equal("v1alpha1", (string?)json["schema_version"]);
        Assert.Equal(State, (string?)json["state_dir"]);
        Assert.Null(json["daemon"]);
        Assert.Equal("one", (string?)Assert.Single(json["sessions"]!.AsArray())!["id"]);
        Assert.Equal(["worse", "bad"], json["failed"]!.AsArray().Select(s => (string)s!["id"]!));
        Assert.Equal(2, (int)json["counts"]!["exited"]!);
        Assert.Equal(1, (int)json["counts"]!["running"]!);
        Write("stop", "");
        run.Wait();
    }

    [Fact]
    public void It_stays_on_one_screen_whatever_there_is()
    {
        Bash("for i in $(seq 1 20); do sup run --session-id s$i false & done; wait");
        string text = RunSup("status").Text;
        Assert.True(text.Split('\n').Length <= 24, text);
        Assert.Contains("15 more", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_one_session_it_tells_the_most_important()
    {
        RunSup("run", "--session-id", "one", "--name", "web", "sh", "-c", "seq 1 20; echo 'last\tword'; exit 3");
        string text = RunSup("status", "web").Text;
        foreach (string part in new[] { "one (web)", "exited 3", "last word", "17" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("14", text.Split("last lines", 2)[1], StringComparison.Ordinal);
        Assert.Equal("one", (string?)Json("status", "on")["session"]!["id"]);
        Assert.Equal(3, RunSup("status", "nosuch").Status);
        Assert.Equal(3, RunSup("status", "").Status);
        Assert.Equal("session_not_found", (string?)JsonNode.Parse(RunSup("status", "nosuch", "--json").ErrorText)!["error"]!["code"]);
    }

    [Fact]
    public void Run_status_is_status_unless_it_is_a_command()
    {
        RunSup("run", "--session-id", "one", "true");
        Assert.Contains("1 ended", RunSup("run", "status").Text, StringComparison.Ordinal);
        Assert.Equal("one", (string?)JsonNode.Parse(RunSup("run", "status", "one", "--json").Text)!["session"]!["id"]);
        Assert.Equal(127, RunSup("run", "--", "status").Status);
    }

    [Fact]
    public void A_table_fits_the_terminal_and_its_states_are_coloured()
    {
        using RealTerminal terminal = new(this, columns: 60, rows: 30);
        string command = string.Concat(Enumerable.Repeat("長い命令", 20));
        RunSup("run", "--session-id", "wide", "--name", "web", "sh", "-c", ": " + command);
        RunSup("run", "--session-id", "failed", "sh", "-c", "exit 3");
        string[] lines = terminal.Answer("sup ls --all").Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Contains(lines, l => l.StartsWith("wide ", StringComparison.Ordinal) && l.EndsWith('…'));

        Assert.Contains("\u001b[31mexited 3", terminal.Look().Cells, StringComparison.Ordinal);
        terminal.Command("clear");
        terminal.Command("NO_COLOR=1 sup ls --all");
        Assert.DoesNotContain("\u001b[31m", terminal.Look().Cells, StringComparison.Ordinal);

        terminal.Resize(40, 30);
        Assert.Equal(3, terminal.Answer("sup ls --all").Split('\n').Length);
        Assert.Contains("sh -c", RunSup("ls", "--all").Text, StringComparison.Ordinal);
        Assert.Contains(command, RunSup("ls", "--all").Text, StringComparison.Ordinal);
    }
}
