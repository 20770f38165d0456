using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>What sup's caller sees of the command's end, and what is recorded of it.</summary>
public sealed class ExitStatusTests : Workspace
{
    /// <summary>Prints the signal that killed the program, and its exit code.</summary>
    private const string Parent = "perl -e 'system @ARGV; printf \"%d %d\\n\", $? & 127, $? >> 8' ";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(125)]
    [InlineData(255)]
    public void The_commands_exit_code_passes(int code)
    {
        Assert.Equal($"0 {code}\n", Bash($"{Parent} sup run -- sh -c 'exit {code}'").Text);
        JsonObject final = FileOf("final.json");
        Assert.Equal("exited", (string?)final["state"]);
        Assert.Equal("exit", (string?)final["end_reason"]);
        Assert.Equal(code, (int?)final["exit_code"]);
        Assert.Null(final["signal"]);
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("INT", 2)]
    [InlineData("QUIT", 3)]
    [InlineData("HUP", 1)]
    public void A_death_by_one_of_the_usual_signals_is_sups_own_death(string signal, int number)
    {
        Assert.Equal($"{number} 0\n", Same($"ulimit -c 0; {Parent}{Run}sh -c 'kill -{signal} $$'").Text);
        AssertSignaled(signal);
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    [InlineData("ABRT", 134)]
    [InlineData("USR1", 138)]
    [InlineData("PIPE", 141)]
    public void A_death_by_another_signal_is_128_and_its_number(string signal, int status)
    {
        Assert.Equal($"0 {status}\n", Bash($"ulimit -c 0; {Parent} sup run -- sh -c 'kill -{signal} $$'").Text);
        AssertSignaled(signal);
    }

    [Fact]
    public void A_death_in_a_pty_is_told_the_same_way()
    {
        Assert.Equal("15 0\n", Bash($"{Parent} sup run --pty always sh -c 'kill -TERM $$' </dev/null").Text);
        AssertSignaled("TERM");
    }

    [Fact]
    public void A_command_that_is_not_found_is_127_and_recorded_as_failed() =>
        AssertFailed(127, "not found", RunSup("run", "no-such-command-here", "an argument"));

    [Theory]
    [InlineData("./missing")]
    [InlineData("")]
    public void A_path_that_leads_nowhere_is_127(string program) =>
        AssertFailed(127, "not found", RunSup("run", "--", program));

    [Fact]
    public void A_file_that_may_not_be_executed_is_126()
    {
        Write("data", "echo no\n");
        AssertFailed(126, "ermission", RunSup("run", "./data"));
    }

    [Fact]
    public void A_folder_is_126() => AssertFailed(126, "", RunSup("run", "/"));

    [Fact]
    public void A_script_whose_interpreter_is_missing_is_126_or_127_as_by_env()
    {
        Write("script", "#!/nonexistent/interpreter\n", executable: true);
        Outcome outcome = RunSup("run", "./script");
        Assert.Contains(outcome.Status, new[] { 126, 127 });
        Assert.Contains("interpreter", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nonexistent")]
    [InlineData("/etc/passwd")]
    public void A_folder_that_cannot_be_entered_is_125(string folder) =>
        AssertFailed(125, folder, RunSup("run", "--cwd", folder, "true"));

    [Fact]
    public void In_a_pty_a_command_that_cannot_be_started_is_told_the_same_way()
    {
        AssertFailed(127, "not found", Bash("sup run --pty always no-such-command </dev/null"));
        Assert.Equal(125, Bash("sup run --pty always --cwd /nonexistent true </dev/null").Status);
        Assert.Equal(126, Bash("sup run --pty always / </dev/null").Status);
    }

    private void AssertSignaled(string signal)
    {
        JsonObject final = FileOf("final.json");
        Assert.Equal("signaled", (string?)final["state"]);
        Assert.Equal("SIG" + signal, (string?)final["signal"]);
        Assert.Null(final["exit_code"]);
        Assert.Contains(LinesOf("events.jsonl"), e => (string?)e["type"] is "exited" && ((string?)e["signal"])!.EndsWith(signal, StringComparison.Ordinal));
    }

    private void AssertFailed(int status, string reason, Outcome outcome)
    {
        Assert.Equal(status, outcome.Status);
        Assert.Empty(outcome.Out);
        Assert.StartsWith("sup: ", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Single(outcome.ErrorText.TrimEnd('\n').Split('\n'));
        Assert.Contains(reason, outcome.ErrorText, StringComparison.Ordinal);
        JsonObject final = FileOf("final.json");
        Assert.Equal("failed", (string?)final["state"]);
        Assert.Equal("start-failed", (string?)final["end_reason"]);
        Assert.Null(final["exit_code"]);
        Assert.Contains(reason, (string?)final["error"], StringComparison.Ordinal);
        Assert.Equal("failed", (string?)Json("show", Path.GetFileName(Session))["session"]!["state"]);
    }
}
