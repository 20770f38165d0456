using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup wait</c></summary>
public sealed class WaitTests : Workspace
{
    private readonly string _id = "w" + Guid.NewGuid().ToString("N")[..10];

    [Fact]
    public void A_line_that_comes_is_printed_and_one_that_was_there_too()
    {
        using Child run = Start("read line <go; echo before; printf 'server rea'; read line <go; printf 'dy in 5 ms\\nafter\\n'; read line <go");
        Go();
        using Child waiting = StartSup("wait", _id, "--for", "ready in");
        Bash($"until sup logs {_id} | grep -q 'server rea'; do :; done");
        Go();
        Outcome outcome = waiting.Wait();
        Assert.Equal((0, "server ready in 5 ms\n"), (outcome.Status, outcome.Text));

        JsonObject again = Json("wait", _id, "--for", "ready in");
        Assert.Equal(("text", "server ready in 5 ms", "7", "28"), ((string?)again["reason"], (string?)again["line"], (string?)again["cursor"], (string?)again["next_cursor"]));
        Assert.Equal("after\n", RunSup("wait", _id, "--regex", "^a.*r$").Text);
        Assert.Equal("after\n", RunSup("wait", _id, "--for", "after", "--cursor", "28").Text);
        Assert.Equal(124, RunSup("wait", _id, "--for", "before", "--cursor", "28", "--timeout", "0").Status);
        Assert.Equal(124, RunSup("wait", _id, "--for", "before", "--cursor", "now", "--timeout", "50ms").Status);
        Go();
        run.Wait();
    }

    [Fact]
    public void A_prompt_without_a_newline_counts_and_colours_do_not()
    {
        using Child run = Start("printf '\\033[1mPass\\033[0mword: '; read line <go");
        Outcome outcome = RunSup("wait", _id, "--for", "Password:");
        Assert.Equal((0, "Password: \n"), (outcome.Status, outcome.Text));
        Go();
        run.Wait();
    }

    [Fact]
    public void A_session_that_ends_without_it_gives_4_and_says_so()
    {
        using Child run = Start("echo one; read line <go");
        using Child waiting = StartSup("wait", _id, "--for", "never", "--json");
        Bash($"until sup logs {_id} | grep -q one; do :; done");
        Go();
        Outcome outcome = waiting.Wait();
        Assert.Equal(4, outcome.Status);
        Assert.Equal("ended", (string?)JsonNode.Parse(outcome.Text)!["reason"]);
        Assert.Equal("session_ended", (string?)JsonNode.Parse(outcome.ErrorText)!["error"]!["code"]);
        Assert.Equal(4, RunSup("wait", _id, "--regex", "never").Status);
        Assert.Equal(4, RunSup("wait", _id, "--idle", "1ms").Status);
        Assert.Equal(4, RunSup("wait", _id, "--port", "1").Status);
        run.Wait();
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("exit 0", 0)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public void The_end_gives_the_commands_own_code_also_when_it_is_over(string script, int status)
    {
        using Child run = Start("read line <go; " + script);
        using Child waiting = StartSup("wait", _id);
        Go();
        Assert.Equal(status, waiting.Wait().Status);
        run.Wait();
        Assert.Equal(status, RunSup("wait", _id, "--exit").Status);
        JsonObject answer = JsonNode.Parse(RunSup("wait", _id, "--exit", "--json").Text)!.AsObject();
        Assert.Equal("exit", (string?)answer["reason"]);
        Assert.Equal(status < 128 ? status : null, (int?)answer["exit_code"]);
    }

    [Fact]
    public void Of_a_command_that_never_started_there_is_no_end_to_wait_for()
    {
        RunSup("run", "--session-id", _id, "--", "/no/such/program");
        Assert.Equal(4, RunSup("wait", _id).Status);
    }

    [Fact]
    public void How_the_command_ended_is_told_whatever_was_waited_for()
    {
        RunSup("run", "--session-id", _id, "--", "sh", "-c", "echo one; exit 7");
        Assert.Equal(7, (int?)Json("wait", _id, "--for", "one")["exit_code"]);
        JsonNode ended = JsonNode.Parse(RunSup("wait", _id, "--for", "two", "--json").Text)!;
        Assert.Equal(("ended", 7), ((string)ended["reason"]!, (int)ended["exit_code"]!));
        RunSup("run", "--session-id", _id + "k", "--", "sh", "-c", "kill -KILL $$");
        JsonNode killed = JsonNode.Parse(RunSup("wait", _id + "k", "--regex", "two", "--json").Text)!;
        Assert.Equal((null, "SIGKILL"), ((int?)killed["exit_code"], (string?)killed["signal"]));
    }

    [Fact]
    public void A_timeout_that_runs_out_gives_124_and_one_line()
    {
        using Child run = Start("read line <go");
        Outcome outcome = RunSup("wait", _id, "--timeout", "50ms");
        Assert.Equal(124, outcome.Status);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"sup: waited 50ms for session {_id} in vain; give a longer --timeout\n"), outcome.ErrorText);
        Assert.StartsWith("sup: waited 0s for session ", RunSup("wait", _id, "--timeout", "0").ErrorText, StringComparison.Ordinal);
        Go();
        run.Wait();
    }

    [Fact]
    public void Silence_is_noticed_and_the_sessions_own_commands_may_not_wait_for_it()
    {
        using Child run = Start("echo one; read line <go");
        Assert.Equal("idle", (string?)Json("wait", _id, "--idle", "200ms")["reason"]);
        Go();
        run.Wait();

        Outcome own = RunSup("run", "--", "sh", "-c", "sup wait $SUP_SESSION_ID --idle 1s; sup wait $SUP_SESSION_ID; sup wait $SUP_SESSION_ID --for NEVER --timeout 0; echo $?");
        Assert.Equal(3, own.ErrorText.Split('\n').Count(l => l.StartsWith("sup: ", StringComparison.Ordinal)));
        Assert.Equal(2, own.ErrorText.Split("this command runs in it").Length - 1);
        Assert.Equal("124\n", own.Text);
    }

    [Fact]
    public void A_port_is_noticed_once_a_process_of_the_session_listens_on_it()
    {
        string server = Write(
            "server.py",
            """
            import os, socket
            go = os.open("go", os.O_RDWR)
            s = socket.socket(socket.AF_INET6)
            s.bind(("::1", 0))
            print(s.getsockname()[1], flush=True)
            os.read(go, 1)
            s.listen()
            print("listening", flush=True)
            os.read(go, 1)
            """);
        using Child run = Start($"python3 {server}");
        Bash($"until sup logs {_id} | grep -q '[0-9]'; do :; done");
        string port = RunSup("logs", _id).Lines[0];
        Assert.Equal(124, RunSup("wait", _id, "--port", port, "--timeout", "100ms").Status);
        using Child waiting = StartSup("wait", _id, "--port", port);
        Go();
        Assert.Equal(0, waiting.Wait().Status);
        Go();
        run.Wait();
    }

    [Fact]
    public void An_owner_that_is_killed_ends_the_wait_as_lost()
    {
        using Child run = Start("echo up; exec sleep 1000");
        using Child waiting = StartSup("wait", _id, "--for", "never", "--json");
        Bash(
            $"""
            until sup logs {_id} | grep -q up; do :; done
            kill -KILL $(sup show {_id} --json | sed 's/.*"owner_pid":\([0-9]*\).*/\1/')
            """);
        Outcome outcome = waiting.Wait();
        Assert.Equal(4, outcome.Status);
        Assert.Equal("lost", (string?)JsonNode.Parse(outcome.Text)!["reason"]);
        Bash($"""kill $(sup show {_id} --json | sed 's/.*"pid":\([0-9]*\).*/\1/')""");
        run.Wait();
    }

    [Fact]
    public void A_session_deleted_meanwhile_ends_the_wait()
    {
        using Child run = Start("echo up; read line <go");
        using Child waiting = StartSup("wait", _id, "--for", "never", "--json");
        string folder = Path.Combine(State, "sessions", _id);
        using (LiveSocket owner = new(Path.Combine(folder, "live.sock")))
        {
            Eventually.True("it waits", () => (int)owner.Ask("""{"type":"status","id":1}""")["connections"]! > 1);
        }

        Directory.Delete(folder, recursive: true);
        Assert.Equal(4, waiting.Wait().Status);
        Go();
        run.Wait();
    }

    [Theory]
    [InlineData("--for", "")]
    [InlineData("--for", "a\nb")]
    [InlineData("--regex", "(")]
    [InlineData("--regex", "(a)\\1")]
    [InlineData("--idle", "0")]
    [InlineData("--idle", "soon")]
    [InlineData("--port", "0")]
    [InlineData("--port", "65536")]
    [InlineData("--port", "http")]
    [InlineData("--timeout", "-1")]
    [InlineData("--timeout", "never")]
    [InlineData("--exit", "--for", "x")]
    [InlineData("--for", "x", "--regex", "y")]
    [InlineData("--for", "x", "--cursor", "-1")]
    [InlineData("--for", "x", "--cursor", "1.5")]
    [InlineData("--for", "x", "--cursor", "end")]
    [InlineData("--for", "x", "--cursor", "5")]
    [InlineData("--cursor", "0")]
    public void What_cannot_be_meant_is_refused(params string[] arguments)
    {
        RunSup("run", "--session-id", _id, "echo", "one");
        Outcome outcome = RunSup(["wait", _id, .. arguments]);
        Assert.True(outcome.Status == 2, outcome.ToString());
        Assert.Single(outcome.ErrorText.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void An_unknown_session_gives_3() => Assert.Equal(3, RunSup("wait", "none").Status);

    private Child Start(string script)
    {
        Bash("mkfifo -m 600 go 2>/dev/null");
        // One descriptor for all lines: each open of its own could meet the writer of the line before.
        Child run = StartSup("run", "--session-id", _id, "--", "sh", "-c", "exec 3<>go; " + script.Replace("<go", "<&3", StringComparison.Ordinal));
        Bash($"until sup show {_id} >/dev/null 2>&1; do :; done");
        return run;
    }

    private Child StartSup(params string[] arguments) =>
        Child.Start(new Launch(Path.Combine(Bin, "sup"), arguments) { Environment = Variables, Folder = Work });

    private void Go() => Bash("echo >go");
}
