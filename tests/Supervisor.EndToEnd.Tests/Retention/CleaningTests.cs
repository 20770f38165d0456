using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Retention;

/// <summary><c>sup history</c>, <c>sup clean</c> and <c>sup rm</c>.</summary>
public sealed class CleaningTests : Workspace
{
    [Fact]
    public void With_nothing_there_nothing_is_made()
    {
        Assert.Equal(0, RunSup("history").Status);
        Assert.Empty(Json("history")["sessions"]!.AsArray());
        Assert.Equal(0, RunSup("clean", "--yes").Status);
        Assert.Equal(0, RunSup("clean", "--dry-run").Status);
        Assert.Equal(3, RunSup("rm", "nosuch").Status);
        Assert.Equal("(none)", StateListing());
    }

    [Fact]
    public void History_lists_what_ended_the_newest_first()
    {
        RunSup("run", "--session-id", "a1", "--name", "web", "true");
        RunSup("run", "--session-id", "b2", "--name", "api", "sh", "-c", "exit 3");
        RunSup("run", "--session-id", "c3", "--name", "web-2", "sh", "-c", "kill -KILL $$");
        RunSup("run", "--session-id", "d4", "/nonexistent");
        using Child live = StartLive();
        Assert.Equal(["d4", "c3", "b2", "a1"], Listed("history"));
        Assert.Equal(["d4", "c3", "b2"], Listed("history", "--failed"));
        Assert.Equal(["d4", "c3"], Listed("history", "--limit", "2"));
        Assert.Equal(["c3", "a1"], Listed("history", "--name", "web*"));
        Assert.Equal(["d4", "c3", "b2", "a1"], Listed("history", "--since", "1h"));
        Assert.Empty(Listed("history", "--since", "2999-01-01"));
        string text = RunSup("history").Text;
        foreach (string part in new[] { "exited 0", "exited 3", "SIGKILL", "failed", "web-2" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        // The hash of a command line, as show has it.
        Assert.Contains(((string)Json("show", "a1")["session"]!["script_hash"]!)[7..15], text, StringComparison.Ordinal);
        Assert.Contains("nothing failed", RunSup("history", "--failed", "--name", "web").Text, StringComparison.Ordinal);
        Stop(live);
    }

    [Theory]
    [InlineData("history --since yesterday")]
    [InlineData("history --since -1h")]
    [InlineData("history --limit -1")]
    [InlineData("history --limit many")]
    [InlineData("clean --older-than 1y")]
    [InlineData("clean --state live")]
    [InlineData("clean --state running")]
    [InlineData("clean --state expired")]
    [InlineData("clean --state nonsense")]
    [InlineData("clean")]
    [InlineData("clean --json")]
    [InlineData("rm")]
    public void What_is_not_understood_changes_nothing(string line)
    {
        RunSup("run", "--session-id", "a1", "true");
        string before = StateListing();
        Outcome outcome = Bash("sup " + line);
        Assert.Equal(2, outcome.Status);
        Assert.Empty(outcome.Out);
        Assert.Equal(before, StateListing());
    }

    [Fact]
    public void Clean_removes_what_matches_and_never_what_lives()
    {
        RunSup("run", "--session-id", "a1", "--name", "web", "echo", "hello");
        RunSup("run", "--session-id", "b2", "--name", "api", "sh", "-c", "exit 3");
        RunSup("run", "--session-id", "c3", "sh", "-c", "kill -KILL $$");
        using Child live = StartLive();
        Assert.Empty(Removed("clean", "--older-than", "1h"));
        Assert.Equal(["b2"], Removed("clean", "--name", "a*"));
        Assert.Equal(["c3"], Removed("clean", "--state", "signaled"));
        string before = StateListing();
        JsonObject preview = Json("clean", "--dry-run");
        Assert.Equal(["a1"], preview["removed"]!.AsArray().Select(i => (string)i!));
        Assert.True((bool)preview["dry_run"]!);
        Assert.InRange((long)preview["freed_bytes"]!, 1, 1_000_000);
        Assert.Equal(before, StateListing());
        JsonObject all = Json("clean", "--yes");
        Assert.Equal(["a1"], all["removed"]!.AsArray().Select(i => (string)i!));
        Assert.InRange((long)all["freed_bytes"]!, 1, 1_000_000);
        Assert.Empty(all["skipped"]!.AsArray());
        Assert.Equal("live", Path.GetFileName(Session));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(State, "trash")));

        // Their lines stay.
        Assert.Equal(3, Listed("history").Count());
        Stop(live);
    }

    [Fact]
    public void Clean_empties_the_trash_whatever_the_filter()
    {
        RunSup("run", "--session-id", "a1", "true");
        Directory.CreateDirectory(Path.Combine(State, "trash"));
        Directory.Move(Session, Path.Combine(State, "trash", "a1~token001"));
        Assert.Equal(["a1"], Listed("history"));
        Assert.Empty(Removed("clean", "--name", "nosuch"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(State, "trash")));
        Assert.Equal(["a1"], Listed("history"));
    }

    [Fact]
    public void Of_two_that_clean_at_once_each_session_is_reported_by_one()
    {
        string[] ids = [.. Enumerable.Range(10, 40).Select(i => "s" + i)];
        Bash($"for i in {string.Join(' ', ids)}; do sup run --session-id $i true & done; wait");
        Bash("sup clean --yes --json >a & sup clean --yes --json >b; echo $? >status; wait $! && cat status >ended");
        Assert.Equal("0\n", File.ReadAllText(Path.Combine(Work, "ended")));
        JsonObject[] both = [.. new[] { "a", "b" }.Select(f => JsonNode.Parse(File.ReadAllText(Path.Combine(Work, f)))!.AsObject())];
        Assert.Equal(ids, both.SelectMany(j => j["removed"]!.AsArray()).Select(i => (string)i!).Order(StringComparer.Ordinal));
        Assert.All(both, j => Assert.Empty(j["skipped"]!.AsArray()));
        Assert.Empty(Sessions);
        Assert.Equal(ids, Listed("history").Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(State, "trash")));
    }

    [Fact]
    public void A_dry_run_counts_what_the_real_one_frees()
    {
        RunSup("run", "--session-id", "a1", "seq", "10000");
        RunSup("run", "--session-id", "b2", "seq", "20000");
        Bash("""
            cd "$SUP_STATE_DIR"; mkdir -p trash/c3~token001~ sessions/a1/more/below
            seq 30000 >trash/c3~token001~/file; seq 5000 >sessions/a1/more/below/file; ln sessions/b2/output.bin "$OLDPWD/other"
            """);
        long expected = (long)Json("clean", "--dry-run")["freed_bytes"]!;
        Assert.InRange(expected, 200_000, 1_000_000);
        Assert.Equal(expected, (long)Json("clean", "--yes")["freed_bytes"]!);
    }

    [Fact]
    public void What_belongs_to_another_user_is_skipped_and_the_others_go()
    {
        Needs.Root();
        RunSup("run", "--session-id", "mine", "true");
        RunSup("run", "--session-id", "theirs", "true");
        Bash("chown 65534 \"$SUP_STATE_DIR/sessions/theirs\"");
        foreach (string[] mode in new string[][] { ["--dry-run"], ["--yes"] })
        {
            JsonObject answer = Json(["clean", .. mode]);
            Assert.Equal(["mine"], answer["removed"]!.AsArray().Select(i => (string)i!));
            Assert.Equal(("theirs", "not_owned"), answer["skipped"]!.AsArray().Select(s => ((string)s!["id"]!, (string)s!["reason"]!)).Single());
        }

        Outcome text = RunSup("clean", "--yes");
        Assert.Equal((0, "sup: left session theirs: it belongs to another user\n"), (text.Status, text.ErrorText));
        Assert.Equal(125, RunSup("rm", "theirs").Status);
        Assert.Equal("theirs", Path.GetFileName(Session));
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("n", false)]
    [InlineData("", false)]
    public void On_a_terminal_clean_asks(string answer, bool removes)
    {
        Needs.Programs("script");
        RunSup("run", "--session-id", "a1", "true");
        Outcome outcome = Bash($"script -qec 'sup clean' /dev/null <<< '{answer}'");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("remove 1 ended session", outcome.Text, StringComparison.Ordinal);
        Assert.Equal(removes ? 0 : 1, Sessions.Count);
    }

    [Fact]
    public void Rm_removes_ended_sessions_line_and_all()
    {
        RunSup("run", "--session-id", "abc1", "--name", "web", "true");
        RunSup("run", "--session-id", "abd2", "true");
        RunSup("run", "--session-id", "e3", "true");
        Assert.Equal(2, RunSup("rm", "ab").Status);
        Assert.Equal(3, RunSup("rm", "e3", "nosuch").Status);
        Assert.Equal(3, Sessions.Count);
        Outcome outcome = RunSup("rm", "web", "abd", "abc1");
        Assert.Equal((0, "abc1\nabd2\n", ""), (outcome.Status, outcome.Text, outcome.ErrorText));
        Assert.Equal(["e3"], Listed("history"));
        Assert.Equal(3, RunSup("show", "web").Status);
        Assert.Equal(["e3"], Removed("rm", "e3"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(State, "trash")));
    }

    [Fact]
    public void Rm_of_an_expired_session_takes_its_line()
    {
        RunSup("run", "--session-id", "a1", "true");
        RunSup("run", "--session-id", "b2", "true");
        RunSup("clean", "--yes");
        Assert.Equal(["a1"], Removed("rm", "a1"));
        Assert.Equal(["b2"], Listed("history"));
    }

    [Fact]
    public void A_live_session_is_refused_and_the_others_go()
    {
        RunSup("run", "--session-id", "a1", "true");
        using Child live = StartLive();
        Outcome outcome = RunSup("rm", "live", "a1", "--json");
        Assert.Equal(125, outcome.Status);
        JsonObject answer = JsonNode.Parse(outcome.Text)!.AsObject();
        Assert.Equal(["a1"], answer["removed"]!.AsArray().Select(i => (string)i!));
        Assert.Equal(("live", "session_live"), answer["skipped"]!.AsArray().Select(s => ((string)s!["id"]!, (string)s!["reason"]!)).Single());
        Assert.Equal("session_live", (string?)JsonNode.Parse(outcome.ErrorText)!["error"]!["code"]);
        Outcome text = RunSup("rm", "live");
        Assert.Equal(125, text.Status);
        Assert.StartsWith("sup: cannot remove session live: ", text.ErrorText, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Session));
        Stop(live);
    }

    [Fact]
    public void Ones_own_session_is_refused()
    {
        Outcome outcome = RunSup("run", "sh", "-c", "sup rm $SUP_SESSION_ID --json 2>&1 >/dev/null; echo $?");
        Assert.Equal("125", outcome.Lines[^1]);
        Assert.Equal("own_session", (string?)JsonNode.Parse(outcome.Lines[0])!["error"]!["code"]);
        Outcome clean = RunSup("run", "sup", "clean", "--yes");
        Assert.Equal(0, clean.Status);
        Assert.Single(Sessions);
    }

    [Fact]
    public void A_disk_with_no_room_for_the_trash_gets_room()
    {
        Needs.Root();
        string disk = Directory.CreateDirectory(Path.Combine(Folder, "disk")).FullName;
        Outcome outcome = Bash($"""
            mount -t tmpfs -o size=4m,nr_inodes=40,mode=0700 tmpfs {disk} || exit 99
            export SUP_STATE_DIR={disk}/state
            sup run --session-id a1 true
            i=0; while touch {disk}/f$i 2>/dev/null; do i=$((i+1)); done
            sup clean --yes; echo $?
            sup history; ls {disk}/state/sessions {disk}/state/trash
            umount -l {disk}
            """);
        Assert.SkipWhen(outcome.Status == 99, "mounting a small tmpfs is not permitted");
        Assert.Contains("removed 1 session", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("exited 0, expired", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_history_and_run_clean_are_sups_own_words()
    {
        RunSup("run", "--session-id", "a1", "true");
        Assert.Contains("a1", RunSup("run", "history").Text, StringComparison.Ordinal);
        Assert.Contains("removed 1 session", RunSup("run", "clean", "--yes").Text, StringComparison.Ordinal);
        Assert.Equal(127, RunSup("run", "--", "history").Status);
    }

    [Fact]
    public void Control_characters_never_reach_the_terminal()
    {
        const string Evil = "\u001b]0;owned\u0007\u001b[2J\nsecond\u009b31m\u202e";
        RunSup("run", "--session-id", "evil", "sh", "-c", "exit 3", Evil);
        foreach (int _ in new[] { 0, 1 })
        {
            string text = RunSup("history").Text + RunSup("show", "evil").Text;
            Assert.DoesNotContain(text.Replace("\n", "", StringComparison.Ordinal), char.IsControl);
            Assert.DoesNotContain("\u202e", text, StringComparison.Ordinal);
            RunSup("clean", "--yes");
        }
    }

    private IEnumerable<string> Listed(params string[] arguments) => Json(arguments)["sessions"]!.AsArray().Select(s => (string)s!["id"]!);

    private IEnumerable<string> Removed(params string[] arguments) => Json(arguments)["removed"]!.AsArray().Select(i => (string)i!);

    private Child StartLive()
    {
        Child live = StartBash("sup run --session-id live sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        return live;
    }

    private void Stop(Child live)
    {
        Write("stop", "");
        live.Wait();
    }
}
