using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup ls</c> and <c>sup show</c>, for people and for programs.</summary>
public sealed class ListAndShowTests : Workspace
{
    private static readonly string[] SessionFields =
    [
        "id", "name", "state", "command", "working_directory", "script_path", "script_hash", "started_at", "ended_at", "duration_seconds",
        "exit_code", "signal", "end_reason", "error", "retention_seconds", "silence_after_seconds", "transport_mode", "tty_attached", "terminal",
        "streaming", "restart", "success_codes", "allow_input", "max_output_bytes", "attempt", "attempts", "pid", "pid_start_time", "boot_id",
        "owner_pid", "owner_start_time", "owner", "socket", "labels", "host", "output_bytes", "floor", "freed_bytes", "lost_bytes", "idle_seconds", "last_line", "self", "survivors", "problems", "path",
    ];

    [Fact]
    public void With_nothing_there_it_says_so_and_makes_nothing()
    {
        Outcome outcome = RunSup("ls");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("no sessions", outcome.Text, StringComparison.Ordinal);
        JsonObject json = Json("ls");
        Assert.Equal("v1alpha1", (string?)json["schema_version"]);
        Assert.Empty(json["sessions"]!.AsArray());
        Assert.Equal("(none)", StateListing());
    }

    [Fact]
    public void Live_sessions_are_listed_and_ended_ones_only_with_all()
    {
        RunSup("run", "--session-id", "ended1", "sh", "-c", "exit 3");
        RunSup("run", "--session-id", "ended2", "sh", "-c", "kill -TERM $$");
        Assert.Contains("2 ended", RunSup("ls").Text, StringComparison.Ordinal);
        using Child child = StartBash("sup run --name web --session-id live1 sh -c 'echo hello; touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        string live = RunSup("ls").Text;
        Assert.Contains("live1", live, StringComparison.Ordinal);
        Assert.Contains("web", live, StringComparison.Ordinal);
        Assert.Contains("running", live, StringComparison.Ordinal);
        Assert.DoesNotContain("ended1", live, StringComparison.Ordinal);
        string all = RunSup("ls", "--all").Text;
        foreach (string text in new[] { "live1", "ended1", "ended2", "SIGTERM", "3" })
        {
            Assert.Contains(text, all, StringComparison.Ordinal);
        }

        JsonArray sessions = Json("ls", "--all")["sessions"]!.AsArray();
        Assert.Equal(["live1", "ended2", "ended1"], sessions.Select(s => (string)s!["id"]!));
        Assert.Equal(["running", "signaled", "exited"], sessions.Select(s => (string)s!["state"]!));
        Assert.All(sessions, s => Assert.Empty(SessionFields.Except(s!.AsObject().Select(p => p.Key), StringComparer.Ordinal)));
        Assert.Single(Json("ls")["sessions"]!.AsArray());
        Write("stop", "");
        child.Wait();
    }

    [Fact]
    public void Show_tells_everything()
    {
        RunSup("run", "--session-id", "one", "--name", "web", "--label", "a=b", "sh", "-c", "echo first; echo last line; exit 3");
        string text = RunSup("show", "one").Text;
        foreach (string part in new[] { "one", "web", "exited 3", "a=b", Work, "last line", Session })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        JsonObject json = Json("show", "one");
        Assert.Equal("v1alpha1", (string?)json["schema_version"]);
        JsonObject session = json["session"]!.AsObject();
        Assert.Empty(SessionFields.Except(session.Select(p => p.Key), StringComparer.Ordinal));
        Assert.Equal("exited", (string?)session["state"]);
        Assert.Equal(3, (int?)session["exit_code"]);
        Assert.Equal("last line", (string?)session["last_line"]);
        Assert.Equal(16, (long?)session["output_bytes"]);
        Assert.False((bool)session["self"]!);
        Assert.Null(session["signal"]);
        Assert.Equal(1, (int?)Assert.Single(session["attempts"]!.AsArray())!["attempt"]);
    }

    [Fact]
    public void Show_tells_what_was_freed()
    {
        RunSup("run", "--session-id", "one", "--max-output", "64K", "seq", "100000");
        JsonNode session = Json("show", "one")["session"]!;
        long freed = (long)session["freed_bytes"]!;
        Assert.InRange(freed, 1, (long)session["output_bytes"]!);
        Assert.Equal(File.ReadAllText(Path.Combine(Session, "floor")).TrimEnd(), (string?)session["floor"]);
        Assert.Equal(freed.ToString(System.Globalization.CultureInfo.InvariantCulture), (string?)session["floor"]);
        Assert.Matches($"(?m)^freed +the first {freed} bytes .*cursor {freed} on$", RunSup("show", "one").Text);
        RunSup("run", "--session-id", "two", "true");
        Assert.DoesNotMatch("(?m)^freed ", RunSup("show", "two").Text);
        Assert.Equal((0L, "0"), Json("show", "two")["session"] is { } whole ? ((long)whole["freed_bytes"]!, (string)whole["floor"]!) : default);
    }

    [Fact]
    public void A_session_is_found_by_id_name_and_unique_prefix()
    {
        RunSup("run", "--session-id", "abc1", "--name", "web", "echo", "old");
        RunSup("run", "--session-id", "abd2", "--name", "web", "echo", "new");
        RunSup("run", "--session-id", "abd", "echo", "exact");
        Assert.Equal("old\n", RunSup("logs", "abc").Text);
        Assert.Equal("exact\n", RunSup("logs", "abd").Text);
        Assert.Equal("new\n", RunSup("logs", "web").Text);
        Outcome ambiguous = RunSup("show", "ab");
        Assert.Equal(2, ambiguous.Status);
        foreach (string id in new[] { "abc1", "abd2", "abd" })
        {
            Assert.Contains(id, ambiguous.ErrorText, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("show")]
    [InlineData("logs")]
    public void What_is_not_there_is_3(string command)
    {
        RunSup("run", "true");
        foreach (string id in new[] { "nosuch", "", "..", "../sessions", "a/b", "$(printf %0200d 0)" })
        {
            Outcome outcome = Bash($"sup {command} \"{id}\"");
            Assert.True(outcome.Status == 3, $"{command} {id}: {outcome}");
            Assert.Empty(outcome.Out);
            Assert.StartsWith("sup: ", outcome.ErrorText, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Errors_are_JSON_when_JSON_was_asked_for()
    {
        Outcome missing = RunSup("show", "nosuch", "--json");
        Assert.Equal(3, missing.Status);
        Assert.Empty(missing.Out);
        JsonNode error = JsonNode.Parse(missing.ErrorText)!["error"]!;
        Assert.Equal("session_not_found", (string?)error["code"]);
        Assert.False(string.IsNullOrEmpty((string?)error["message"]));
        Assert.True(error.AsObject().ContainsKey("hint"));
        RunSup("run", "--session-id", "ab1", "true");
        RunSup("run", "--session-id", "ab2", "true");
        Assert.Equal("session_ambiguous", (string?)JsonNode.Parse(RunSup("show", "ab", "--json").ErrorText)!["error"]!["code"]);
        Assert.Equal("invalid_argument", (string?)JsonNode.Parse(RunSup("ls", "--nosuch", "--json").ErrorText)!["error"]!["code"]);
    }

    [Fact]
    public void Control_characters_of_a_command_never_reach_the_terminal()
    {
        const string Evil = "\u001b]0;owned\u0007\u001b[2J\nsecond\rline\u009b31m\u202e";
        RunSup("run", "--session-id", "evil", "--label", "x=" + Evil, "sh", "-c", "printf '%s' \"$1\"; printf '\\033[31mred\\033[0m'", "sh", Evil);
        Outcome failed = RunSup("run", "--session-id", "evil2", "/nonexistent/" + Evil);
        foreach (string text in new[] { RunSup("ls", "--all").Text, RunSup("show", "evil").Text, RunSup("show", "evil2").Text, failed.ErrorText, RunSup("show", Evil).ErrorText })
        {
            Assert.NotEmpty(text);
            Assert.DoesNotContain(text.Replace("\n", "", StringComparison.Ordinal), char.IsControl);
            Assert.DoesNotContain("\u202e", text, StringComparison.Ordinal);
        }

        Assert.Equal(3, RunSup("ls", "--all").Lines.Length);
        Assert.Contains("owned", (string?)Json("show", "evil")["session"]!["command"]!.AsArray()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_looks_at_its_own_session_is_told_so()
    {
        JsonNode json = JsonNode.Parse(RunSup("run", "sh", "-c", "sup show $SUP_SESSION_ID --json").Text)!;
        Assert.True((bool)json["session"]!["self"]!);
        Assert.Equal("running", (string?)json["session"]!["state"]);
        Assert.Null(json["session"]!["exit_code"]);
        Assert.Null(json["session"]!["ended_at"]);
    }

    [Fact]
    public void A_reader_that_goes_away_is_no_error()
    {
        Bash("for i in $(seq 1 30); do sup run true & done; wait");
        Outcome outcome = Bash("sup ls --all | head -n 1; echo ${PIPESTATUS[0]}");
        Assert.Empty(outcome.ErrorText);
        Assert.Contains(outcome.Lines[^1], new[] { "0", "141" });
    }
}
