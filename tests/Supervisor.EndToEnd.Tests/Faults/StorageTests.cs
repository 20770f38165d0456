using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Faults;

/// <summary>Where nothing can be stored, the user's bytes and the exit code are as ever, and one line says so at the end.</summary>
public sealed class StorageTests : Workspace
{
    /// <summary>Runs the script where the state root is a small file system of its own, which nobody else sees.</summary>
    private Outcome WithSmallDisk(string options, string script)
    {
        Needs.Root();
        Needs.Programs("unshare", "mount");
        Directory.CreateDirectory(State);
        Write("script.sh", script);
        return Bash($"unshare -m bash -c 'mount -t tmpfs -o mode=700,{options} none \"$SUP_STATE_DIR\" || exit 99; . ./script.sh'");
    }

    [Fact]
    public void While_nothing_can_be_stored_ls_and_show_say_so()
    {
        Outcome outcome = WithSmallDisk("size=400k", """
            mkfifo go
            sup run --session-id full sh -c 'head -c 1000000 /dev/zero; read line <go' >/dev/null &
            until sup show full --json | grep -q '"lost_bytes":[1-9]'; do :; done
            sup ls
            sup show full
            echo >go
            wait $!; echo "run: $?"
            """);
        Assert.Contains("run: 0", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("output lost", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("No space left on device", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_fills_up_cuts_the_transcript_and_nothing_else()
    {
        Outcome outcome = WithSmallDisk("size=400k", """
            sup run --session-id one sh -c 'seq 1 200000; echo err >&2; exit 3'; echo "status $?"
            sup show one --json; cat "$SUP_STATE_DIR/sessions/one/output.bin" | head -c 100
            """);
        string expected = Bash("seq 1 200000").Text;
        Assert.StartsWith(expected + "status 3\n", outcome.Text, StringComparison.Ordinal);
        AssertOneWarning(outcome, "err\n", "No space left");
    }

    [Fact]
    public void A_disk_that_is_full_from_the_start_does_not_keep_the_command_from_running()
    {
        Outcome outcome = WithSmallDisk("size=64k", """
            dd if=/dev/zero of="$SUP_STATE_DIR/fill" bs=4k 2>/dev/null
            sup run sh -c 'echo out; exit 3'; echo "status $?"
            sup run --pty always sh -c 'echo out; exit 4' </dev/null; echo "status $?"
            """);
        Assert.Equal("out\nstatus 3\nout\nstatus 4\n", outcome.Text.Replace("\r", "", StringComparison.Ordinal));
        Assert.Equal(2, outcome.ErrorText.TrimEnd('\n').Split('\n').Length);
    }

    [Theory]
    [InlineData("sh -c 'echo out; exit 3'")]
    [InlineData("true")]
    [InlineData("./missing")]
    public void A_run_that_ended_on_a_full_disk_is_not_shown_as_one_that_still_starts_or_was_lost(string command)
    {
        Outcome outcome = WithSmallDisk("size=64k", $"""
            dd if=/dev/zero of="$SUP_STATE_DIR/fill" bs=4k 2>/dev/null
            sup run {command} >out 2>err; sup ls --all --json; ls "$SUP_STATE_DIR/sessions"
            """);
        JsonArray sessions = JsonNode.Parse(outcome.Lines[0])!["sessions"]!.AsArray();
        Assert.DoesNotContain(sessions, s => (string?)s!["state"] is "starting" or "lost" or "running");
        Assert.Equal(sessions.Count, outcome.Lines.Length - 1);
        Assert.Contains("No space left", File.ReadAllText(Path.Combine(Work, "err")), StringComparison.Ordinal);
    }

    [Fact]
    public void How_a_run_ended_is_written_when_there_is_room_by_then()
    {
        Outcome outcome = WithSmallDisk("size=64k", """
            dd if=/dev/zero of="$SUP_STATE_DIR/fill" bs=4k 2>/dev/null
            sup run --session-id one sh -c 'sleep .3; rm "$SUP_STATE_DIR/fill"; exit 3' 2>err; sup show one --json
            """);
        JsonNode session = JsonNode.Parse(outcome.Lines[0])!["session"]!;
        Assert.Equal("exited", (string?)session["state"]);
        Assert.Equal(3, (int?)session["exit_code"]);
        Assert.Equal("sh", (string?)session["command"]![0]);
    }

    [Fact]
    public void When_there_is_room_again_the_gap_is_recorded_and_recording_goes_on()
    {
        Outcome outcome = WithSmallDisk("size=600k", """
            dd if=/dev/zero of="$SUP_STATE_DIR/fill" bs=4k count=100 2>/dev/null
            sup run --session-id one sh -c 'seq 1 100000; until sup show one --json | grep -q "\"lost_bytes\":[1-9]"; do :; done; rm "$SUP_STATE_DIR/fill"; for i in $(seq 1 100); do echo tick $i; [ -e found ] && break; grep -q gap "$SUP_STATE_DIR/sessions/one/events.jsonl" && touch found; sleep .2; done; echo the end' >out; echo "status $?"
            grep '"gap"' "$SUP_STATE_DIR/sessions/one/events.jsonl"; tail -n 1 "$SUP_STATE_DIR/sessions/one/output.bin"; stat -c %s "$SUP_STATE_DIR/sessions/one/output.bin"; stat -c %s out
            """);
        Assert.Equal("status 0", outcome.Lines[0]);
        JsonNode gap = JsonNode.Parse(outcome.Lines[1])!;
        Assert.Equal("the end", outcome.Lines[^3]);
        long stored = long.Parse(outcome.Lines[^2], System.Globalization.CultureInfo.InvariantCulture);
        long printed = long.Parse(outcome.Lines[^1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(printed, stored + (long)gap["bytes"]!);
        Assert.False(string.IsNullOrEmpty((string?)gap["reason"]));
        Assert.Single(outcome.ErrorText.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void A_state_folder_that_cannot_be_written_does_not_keep_the_command_from_running()
    {
        Outcome outcome = WithSmallDisk("size=1m", """
            mount -o remount,ro "$SUP_STATE_DIR"
            sup run sh -c 'echo out; echo err >&2; exit 3'; echo "status $?"
            """);
        Assert.Equal("out\nstatus 3\n", outcome.Text);
        AssertOneWarning(outcome, "err\n", "ead-only");
    }

    [Theory]
    [InlineData("\"$SUP_STATE_DIR\"")]
    [InlineData("\"$SUP_STATE_DIR\"/sessions/*")]
    public void A_state_folder_that_goes_away_meanwhile_changes_nothing_for_the_command(string removed)
    {
        // rm itself complains when a file is written meanwhile; then it is asked again.
        Outcome outcome = RunSup("run", "sh", "-c", $"echo before; until rm -rf {removed} 2>/dev/null; do :; done; seq 1 50000; echo err >&2; exit 3");
        Assert.Equal("before\n" + Bash("seq 1 50000").Text, outcome.Text);
        Assert.Equal(3, outcome.Status);
        AssertOneWarning(outcome, "err\n", "");
    }

    [Fact]
    public void A_state_folder_that_is_moved_meanwhile_is_still_written()
    {
        Outcome outcome = RunSup("run", "--session-id", "one", "sh", "-c", "echo before; mv \"$SUP_STATE_DIR\" elsewhere; echo after; exit 3");
        Assert.Equal("before\nafter\n", outcome.Text);
        Assert.Equal(3, outcome.Status);
        Assert.Equal("before\nafter\n", File.ReadAllText(Path.Combine(Work, "elsewhere/sessions/one/output.bin")));
    }

    [Fact]
    public void A_state_folder_that_is_a_file_does_not_keep_the_command_from_running()
    {
        File.WriteAllText(State, "not a folder");
        Outcome outcome = RunSup("run", "sh", "-c", "echo out; exit 3");
        Assert.Equal("out\n", outcome.Text);
        Assert.Equal(3, outcome.Status);
        AssertOneWarning(outcome, "", "");
    }

    private static void AssertOneWarning(Outcome outcome, string ownError, string reason)
    {
        Assert.StartsWith(ownError, outcome.ErrorText, StringComparison.Ordinal);
        string warning = outcome.ErrorText[ownError.Length..];
        Assert.StartsWith("sup: ", warning, StringComparison.Ordinal);
        Assert.True(warning.Count(c => c == '\n') == 1, warning);
        Assert.Contains(reason, warning, StringComparison.Ordinal);
    }
}
