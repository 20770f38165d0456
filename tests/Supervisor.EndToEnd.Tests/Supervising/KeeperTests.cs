using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A keeper owns one session for its whole life: it starts what it is told to, each attempt once, and needs nobody for the rest.</summary>
public sealed class KeeperTests : Workspace
{
    private const string Stop = """{"type":"stop","id":9,"grace_ms":10000}""";

    [Fact]
    public void An_attempt_runs_in_a_terminal_of_its_own_and_its_end_ends_the_session()
    {
        using KeptSession kept = new(this, "tty; stty size; echo to-terminal >/dev/tty; exit 3", s => s with { Columns = 100, Rows = 30 });
        Assert.Null(kept.Final);
        JsonObject started = kept.Begin();
        Assert.Equal("attempt", (string?)started["type"]);
        Assert.Equal(7, (int?)started["id"]);
        JsonObject final = kept.End()!;
        Assert.StartsWith("/dev/pts/", kept.Output, StringComparison.Ordinal);
        Assert.EndsWith("30 100\r\nto-terminal\r\n", kept.Output, StringComparison.Ordinal);
        Assert.Equal(3, (int?)final["exit_code"]);
        Assert.Equal("exit", (string?)final["end_reason"]);
        Assert.Equal(3, (int?)kept.Attempt(1)!["exit_code"]);
        Assert.Equal(kept.Output.Length.ToString(CultureInfo.InvariantCulture), (string?)kept.Attempt(1)!["end_cursor"]);
        Assert.Equal((int?)started["pid"], (int?)kept.Attempt(1)!["pid"]);
        Assert.Equal("supervised", (string?)kept.Meta!["terminal"]);
        Assert.False(File.Exists(Path.Combine(kept.Folder, "live.sock")));
    }

    [Fact]
    public void On_pipes_stdin_is_empty_and_the_channels_are_told_apart()
    {
        using KeptSession kept = new(this, "cat; echo out; echo err >&2; [ -t 0 ] || echo none", s => s with { Pty = false });
        kept.Begin();
        Assert.Equal(0, (int?)kept.End()!["exit_code"]);
        Assert.Equal("out\nnone\n", RunSup("logs", "kept", "--channel", "stdout").Text);
        Assert.Equal("err\n", RunSup("logs", "kept", "--channel", "stderr").Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_command_is_out_of_everybodys_session_and_inherits_nothing(bool pty)
    {
        using KeptSession kept = new(
            this,
            "ps -o sid= -p $$; echo $$; ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status; env | grep -E '^(DOTNET|SUP_)' | sort",
            s => s with { Pty = pty });
        kept.Begin();
        kept.End();
        string[] lines = kept.Output.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        Assert.Equal(lines[1], lines[0].Trim());
        Assert.Contains("0 1 2 3 SigBlk:\t0000000000000000", string.Join('\n', lines), StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000", string.Join('\n', lines), StringComparison.Ordinal);
        Assert.Contains($"SUP_ATTEMPT=1\nSUP_SESSION_ID=kept\nSUP_STATE_DIR={State}\n", string.Join('\n', lines), StringComparison.Ordinal);
        Assert.DoesNotContain(lines, l => l.StartsWith("DOTNET", StringComparison.Ordinal));
    }

    [Fact]
    public void The_callers_mask_niceness_and_limits_are_the_commands()
    {
        using KeptSession kept = new(
            this,
            "umask; nice; ulimit -Sn; ulimit -Sc; ulimit -Ss",
            s => s with
            {
                Umask = 0x17,
                Niceness = 7,
                SoftLimits = new Dictionary<string, string>(StringComparer.Ordinal) { ["7"] = "321", ["4"] = "2048", ["3"] = "4096000" },
            });
        kept.Begin();
        kept.End();
        Assert.Equal("0027\r\n7\r\n321\r\n2\r\n4000\r\n", kept.Output);
    }

    [Fact]
    public void The_same_attempt_asked_for_again_is_answered_and_not_started_again()
    {
        using KeptSession kept = new(this, "echo run >>runs; read x", s => s);
        JsonObject first = kept.Begin();
        JsonObject again = kept.Begin(epoch: 2);
        Assert.Equal((int?)first["pid"], (int?)again["pid"]);
        using (LiveSocket anybody = kept.Connect(role: "operator"))
        {
            Assert.Equal("done", (string?)anybody.Ask(Stop)["type"]);
        }

        Assert.Equal("user-stop", (string?)kept.End()!["end_reason"]);
        Assert.Equal("run\n", File.ReadAllText(Path.Combine(Work, "runs")));
    }

    [Fact]
    public void Only_the_daemon_with_the_highest_epoch_may_start_and_older_ones_are_let_go()
    {
        using KeptSession kept = new(this, "read x");
        using LiveSocket older = kept.Connect(epoch: 4);
        using LiveSocket newer = kept.Connect(epoch: 5);
        Assert.Equal("superseded", (string?)older.Receive()!["code"]);
        Assert.Null(older.Receive());
        using LiveSocket late = kept.Connect(epoch: 3);
        Assert.Equal(5, (int?)late.Hello["epoch"]);
        Assert.Equal(0, (int?)late.Hello["attempt"]);
        Assert.Equal("superseded", (string?)late.Ask("""{"type":"start","id":1,"attempt":1}""")["code"]);
        using LiveSocket viewer = kept.Connect(epoch: 9, role: "viewer");
        Assert.Equal("superseded", (string?)viewer.Ask("""{"type":"start","id":1,"attempt":1}""")["code"]);
        Assert.Null(kept.Attempt(1));
        Assert.Equal("attempt", (string?)newer.Ask("""{"type":"start","id":1,"attempt":1}""")["type"]);
        Assert.Equal("5\n", File.ReadAllText(Path.Combine(kept.Folder, "epoch")));
    }

    [Fact]
    public void A_restart_is_one_frame_and_writes_no_end_in_between()
    {
        using KeptSession kept = new(this, "echo attempt $SUP_ATTEMPT; sleep 100");
        using LiveSocket daemon = kept.Connect();
        daemon.Ask("""{"type":"start","id":1,"attempt":1}""");
        kept.WaitForOutput("attempt 1");
        Assert.Equal("done", (string?)daemon.Ask("""{"type":"stop","id":2,"then":2}""")["type"]);
        JsonObject ended = daemon.Receive()!;
        Assert.Equal("ended", (string?)ended["type"]);
        Assert.Equal("SIGTERM", (string?)ended["signal"]);
        Assert.Equal(2, (int?)daemon.Receive()!["attempt"]);
        kept.WaitForOutput("attempt 2");
        Assert.Null(kept.Final);
        Assert.Equal("attempt 1\r\n".Length.ToString(CultureInfo.InvariantCulture), (string?)kept.Attempt(2)!["start_cursor"]);
        Assert.Equal(2, (int?)Json("show", "kept")["session"]!["attempt"]);
        daemon.Ask(Stop);
        Assert.Equal(2, (int?)kept.End()!["attempt"]);
    }

    [Fact]
    public void An_ended_session_is_taken_up_again_in_the_same_transcript()
    {
        using KeptSession kept = new(this, "echo attempt $SUP_ATTEMPT; exit $SUP_ATTEMPT");
        kept.Begin();
        Assert.Equal(1, (int?)kept.End()!["exit_code"]);
        kept.Reopen();
        Assert.Equal("starting", (string?)Json("show", "kept")["session"]!["state"]);
        kept.Begin(attempt: 2);
        Assert.Equal(2, (int?)kept.End()!["exit_code"]);
        Assert.Equal("attempt 1\r\nattempt 2\r\n", kept.Output);
        Assert.Equal("attempt 2", RunSup("logs", "kept", "-n", "1").Text.Trim());
        Assert.Equal("exited", (string?)Json("show", "kept")["session"]!["state"]);
    }

    [Fact]
    public void What_a_killed_keeper_left_torn_is_taken_up_whole()
    {
        using KeptSession kept = new(this, "echo attempt $SUP_ATTEMPT; [ $SUP_ATTEMPT = 2 ] || sleep 100");
        kept.Begin();
        kept.WaitForOutput("attempt 1");
        int command = (int)kept.Meta!["pid"]!;
        kept.KillKeeper();
        Eventually.True("the command's end with its terminal", () => !LiveProcesses.IsAlive(command));
        Assert.Equal("lost", (string?)Json("show", "kept")["session"]!["state"]);
        File.AppendAllText(Path.Combine(kept.Folder, "events.jsonl"), "{\"type\":\"ex");
        File.AppendAllText(Path.Combine(kept.Folder, "index.jsonl"), "{\"offs");
        File.AppendAllText(Path.Combine(kept.Folder, "output.bin"), "unindexed\r\n");
        kept.Reopen();
        kept.Begin(attempt: 2);
        Assert.Equal(0, (int?)kept.End()!["exit_code"]);
        Assert.Equal("attempt 1\r\nunindexed\r\nattempt 2\r\n", kept.Output);
        Assert.All(File.ReadAllLines(Path.Combine(kept.Folder, "events.jsonl")), line => JsonNode.Parse(line));
        Assert.All(File.ReadAllLines(Path.Combine(kept.Folder, "index.jsonl")), line => JsonNode.Parse(line));
    }

    [Theory]
    [InlineData("does-not-exist", "command_not_found")]
    [InlineData("/etc/passwd", "not_executable")]
    public void A_command_that_cannot_be_started_ends_the_session_as_failed(string program, string code)
    {
        using KeptSession kept = new(this, "", s => s with { Command = [System.Text.Encoding.UTF8.GetBytes(program)] });
        JsonObject answer = kept.Begin();
        Assert.Equal(code, (string?)answer["code"]);
        Assert.Null(answer["pid"]);
        JsonObject final = kept.End()!;
        Assert.Equal("failed", (string?)final["state"]);
        Assert.Equal("start-failed", (string?)final["end_reason"]);
        Assert.Contains(program, (string?)final["error"], StringComparison.Ordinal);
    }

    [Fact]
    public void Closed_before_any_attempt_it_is_a_failed_start()
    {
        using KeptSession kept = new(this, "echo never");
        using LiveSocket daemon = kept.Connect();
        daemon.Ask("""{"type":"close","id":1}""");
        Assert.Equal("failed", (string?)kept.End()!["state"]);
        Assert.Equal("", kept.Output);
    }

    [Fact]
    public void A_second_keeper_of_a_session_gives_up_without_touching_it()
    {
        using KeptSession kept = new(this, "read x");
        kept.Begin();
        Eventually.True("the attempt's record", () => kept.Attempt(1)?["pid"] is not null && new FileInfo(Path.Combine(kept.Folder, "events.jsonl")).Length > 0);
        string before = StateListing();
        SupException taken = Assert.Throws<SupException>(kept.Reopen);
        Assert.Equal(ErrorCode.SessionLive, taken.Code);
        SupException same = Assert.Throws<SupException>(() => new KeptSession(this, "echo other").Dispose());
        Assert.Equal(ErrorCode.InvalidArgument, same.Code);
        Assert.Equal(before, StateListing());
    }

    [Fact]
    public void A_name_is_one_sessions_alone()
    {
        using KeptSession kept = new(this, "read x", s => s with { Name = "web" }, id: "first");
        SupException taken = Assert.Throws<SupException>(() => new KeptSession(this, "read x", s => s with { Name = "web" }, id: "second").Dispose());
        Assert.Equal(ErrorCode.NameTaken, taken.Code);
        Assert.False(Directory.Exists(Path.Combine(State, "sessions", "second")));
    }

    [Fact]
    public void A_stop_can_be_hurried_while_what_is_left_has_its_grace()
    {
        using KeptSession kept = new(this, "(trap '' TERM HUP; echo ready; sleep 100) & wait");
        kept.Begin();
        kept.WaitForOutput("ready");
        using LiveSocket operatorSocket = kept.Connect(role: "operator");
        operatorSocket.Ask("""{"type":"stop","id":1,"grace_ms":3600000}""");
        Assert.Equal("done", (string?)operatorSocket.Ask("""{"type":"stop","id":2,"grace_ms":0}""")["type"]);
        JsonObject final = kept.End()!;
        Assert.Equal("user-stop", (string?)final["end_reason"]);
        Assert.Empty(final["survivors"]!.AsArray());
    }

    [Fact]
    public void Signals_to_the_keeper_itself_change_nothing()
    {
        using KeptSession kept = new(this, "echo ready; read x");
        kept.Begin();
        kept.WaitForOutput("ready");
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -HUP {kept.KeeperPid}; kill -TERM {kept.KeeperPid}; kill -INT {kept.KeeperPid}"));
        Assert.Equal("running", (string?)Json("show", "kept")["session"]!["state"]);
        using LiveSocket daemon = kept.Connect();
        Assert.Equal("done", (string?)daemon.Ask(Stop)["type"]);
        Assert.Equal("user-stop", (string?)kept.End()!["end_reason"]);
    }
}
