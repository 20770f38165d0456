using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>A command that its user ended by a key was stopped by a person: it has not failed.</summary>
public sealed class InterruptedTests : Workspace
{
    [Theory]
    [InlineData("sup run --session-id one sh -c 'echo up; exec sleep 300'", "C-c")]
    [InlineData("sup run --session-id one sh -c 'echo up; exec sleep 300'", "C-\\")]
    [InlineData("sup run --session-id one sh -c 'echo up; exec sleep 300' | cat", "C-c")]
    [InlineData("sup run --session-id one --pty never sh -c 'echo up; exec sleep 300'", "C-c")]
    [InlineData("sup run --session-id one sh -c 'trap \"exit 130\" INT; echo up; while :; do sleep .02; done'", "C-c")]
    [InlineData("sh -c 'sup run --session-id one sh -c \"echo up; exec sleep 300\"; :'", "C-c")]
    public void By_a_key_it_was_stopped(string line, string key)
    {
        using RealTerminal terminal = new(this);
        terminal.Enter("clear; ulimit -c 0; " + line);
        terminal.WaitForLine("up");
        terminal.Press(key);
        terminal.WaitForPrompt(2);
        Assert.Equal("user-stop", (string?)FileOf("final.json")["end_reason"]);
        Assert.Empty(Json("history", "--failed")["sessions"]!.AsArray());
        Assert.Single(Json("history")["sessions"]!.AsArray());
    }

    [Theory]
    [InlineData("echo up; exec sleep 300", "INT")]
    [InlineData("echo up; exec sleep 300", "TERM")]
    public void By_a_signal_from_elsewhere_it_failed(string script, string signal)
    {
        using RealTerminal terminal = new(this);
        terminal.Enter($"clear; sup run --session-id one sh -c '{script}'");
        terminal.WaitForLine("up");
        Eventually.True("its pid is known", () => (int?)Json("show", "one")["session"]!["pid"] is not null);
        Bash($"kill -{signal} $(sup show one --json | sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/')");
        terminal.WaitForPrompt(2);
        Assert.Equal("exit", (string?)FileOf("final.json")["end_reason"]);
        Assert.Single(Json("history", "--failed")["sessions"]!.AsArray());
    }

    [Theory]
    [InlineData("trap : INT; echo up; while [ ! -e go ]; do sleep .02; done; exit 3", "C-c")]
    [InlineData("echo up; while [ ! -e go ]; do sleep .02; done; exit 130", "x")]
    public void By_itself_it_failed_whatever_was_typed_before(string script, string key)
    {
        using RealTerminal terminal = new(this);
        terminal.Enter($"clear; sup run --session-id one sh -c '{script}'");
        terminal.WaitForLine("up");
        terminal.Press(key);
        Write("go", "");
        terminal.WaitForPrompt(2);
        Assert.Equal("exit", (string?)FileOf("final.json")["end_reason"]);
        Assert.Single(Json("history", "--failed")["sessions"]!.AsArray());
    }
}
