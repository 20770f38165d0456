using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>The live socket of a real run, spoken to as docs/live-socket.md says.</summary>
public sealed class LiveSocketTests : Workspace
{
    private const string Up = """until [ "$(sup logs one 2>/dev/null | tr -d '\r')" = up ]; do :; done""";

    [Fact]
    public void A_signal_reaches_the_command_on_pipes_and_on_a_terminal()
    {
        foreach (string pty in new[] { "never", "always" })
        {
            using Child run = Start(pty, "trap 'echo usr; exit 7' USR1; echo up; while :; do sleep 0.05; done");
            using LiveSocket socket = Connect();
            Assert.Equal("done", (string?)socket.Ask("""{"type":"signal","id":1,"signal":"USR1"}""")["type"]);
            Assert.Equal(7, run.Wait().Status);
            Assert.Null(socket.Receive());
            Assert.Equal("exit", (string?)FileOf("final.json")["end_reason"]);
            Directory.Delete(Session, recursive: true);
        }
    }

    [Fact]
    public void A_stop_that_is_answered_ends_as_the_command_does_and_is_a_persons()
    {
        using Child run = Start("never", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done");
        using LiveSocket socket = Connect();
        Assert.Equal("done", (string?)socket.Ask("""{"type":"stop","id":1,"signal":"SIGTERM","grace_ms":60000}""")["type"]);
        Assert.Equal(4, run.Wait().Status);
        Assert.Equal("user-stop", (string?)FileOf("final.json")["end_reason"]);
        Assert.Equal("up\nbye\n", System.Text.Encoding.UTF8.GetString(Transcript));
    }

    [Fact]
    public void A_stop_that_is_not_answered_ends_in_a_kill_of_all_that_is_left()
    {
        foreach (string pty in new[] { "never", "always" })
        {
            using Child run = Start(
                pty, "trap '' TERM HUP; (setsid sleep 1000 </dev/null >/dev/null 2>&1 &) ; echo up; while :; do sleep 0.05; done");
            using LiveSocket socket = Connect();
            Assert.Equal("done", (string?)socket.Ask("""{"type":"stop","id":1,"signal":"TERM","grace_ms":100}""")["type"]);
            Assert.Equal(137, run.Wait().Status);
            Assert.Equal("SIGKILL", (string?)FileOf("final.json")["signal"]);
            Assert.Equal("user-stop", (string?)FileOf("final.json")["end_reason"]);
            Eventually.True("nothing is left", () => LiveProcesses.Of(Folder).Count == 0);
            Directory.Delete(Session, recursive: true);
        }
    }

    [Fact]
    public void A_stop_ends_a_stopped_command_and_an_interactive_shell()
    {
        using Child run = Start("never", "echo up; kill -STOP $$; sleep 1000");
        using LiveSocket socket = Connect();
        socket.Ask("""{"type":"stop","id":1,"signal":"TERM","grace_ms":60000}""");
        Assert.Equal(143, run.Wait().Status);
        Directory.Delete(Session, recursive: true);

        using Child shell = StartBash("mkfifo -m 600 keys; exec 3<>keys; exec sup run --session-id one --pty always -- bash --norc -i <&3");
        Bash("""until sup logs one 2>/dev/null | grep -q '[$#] '; do :; done""");
        using LiveSocket second = Connect();
        second.Ask("""{"type":"stop","id":1,"signal":"TERM","grace_ms":60000}""");
        shell.Wait();
        Assert.Equal("user-stop", (string?)FileOf("final.json")["end_reason"]);
    }

    [Theory]
    [InlineData("""{"type":"input","id":1}""", "session_read_only")]
    [InlineData("""{"type":"resize","id":1}""", "session_read_only")]
    [InlineData("""{"type":"signal","id":1}""", "invalid_argument")]
    [InlineData("""{"type":"signal","id":1,"signal":"SIGNONE"}""", "invalid_argument")]
    [InlineData("""{"type":"stop","id":1,"signal":"TERM"}""", "invalid_argument")]
    [InlineData("""{"type":"stop","id":1,"signal":"TERM","grace_ms":-1}""", "invalid_argument")]
    [InlineData("""{"type":"stop","id":1,"signal":"TERM","grace_ms":99999999999}""", "invalid_argument")]
    [InlineData("""{"type":"rename","id":1,"name":"../x"}""", "invalid_argument")]
    [InlineData("""{"type":"begin","id":1}""", "invalid_argument")]
    [InlineData("""{"type":"start","id":1,"attempt":2}""", "session_read_only")]
    [InlineData("""{"type":"close","id":1}""", "session_read_only")]
    public void What_cannot_be_is_refused_and_the_run_goes_on(string request, string code)
    {
        using Child run = Start("never", "echo up; cat <held");
        using (LiveSocket socket = Connect())
        {
            JsonObject answer = socket.Ask(request);
            Assert.Equal(("error", code, 1), ((string?)answer["type"], (string?)answer["code"], (int)answer["id"]!));
        }

        Bash(": >held");
        Assert.Equal(0, run.Wait().Status);
    }

    [Fact]
    public void Status_says_how_it_is()
    {
        using Child run = Start("never", "echo up; cat <held");
        using (LiveSocket socket = Connect())
        {
            JsonObject status = socket.Ask("""{"type":"status","id":9}""");
            Assert.Equal(("one", "running", "3", 0), ((string?)status["session"], (string?)status["state"], (string?)status["end"], (int)status["lost_bytes"]!));
            Assert.Equal((int)FileOf("meta.json")["pid"]!, (int)status["pid"]!);
            Assert.Null(status["problem"]);
        }

        Bash(": >held");
        run.Wait();
    }

    private string MakeHeld()
    {
        Bash("mkfifo -m 600 held 2>/dev/null");
        return Work;
    }

    private Child Start(string pty, string script)
    {
        MakeHeld();
        Child run = Child.Start(new Launch(Path.Combine(Bin, "sup"), ["run", "--session-id", "one", "--pty", pty, "--", "sh", "-c", script])
        {
            Environment = Variables,
            Folder = Work,
        });
        Bash(Up);
        return run;
    }

    private LiveSocket Connect() => new(Path.Combine(Session, "live.sock"));
}
