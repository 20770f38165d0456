using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>
/// A daemon whose journal takes nothing: what would begin something is refused, what ends something is done, what runs runs on, and when the
/// journal is well again so is the daemon.
/// </summary>
public sealed class JournalFaultTests : SupervisedWorkspace
{
    private const string JournalAlone = "mount -t tmpfs -o mode=700,size=2m none \"$0\"; mkdir -m 700 \"$0/sessions\"; mount -t tmpfs -o mode=700,size=20m none \"$0/sessions\"";
    private const string Everything = "mount -t tmpfs -o mode=700,size=4m none \"$0\"";

    private OwnDisk? _disk;

    private string Journal => Path.Combine(State, "journal.db");

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _disk?.Dispose();
    }

    [Fact]
    public void A_full_disk_under_the_journal_refuses_starts_and_carries_out_stops()
    {
        OnOwnDisk(JournalAlone);
        int daemon = StartThree();
        _disk!.Fill(Path.Combine(State, "filler"));
        AssertNothingBegins();
        AssertEndsAreCarriedOut();
        File.Delete(_disk.Seen(Path.Combine(State, "filler")));
        AssertAllIsWellAgain(daemon);
    }

    [Fact]
    public void Where_all_of_the_state_folder_is_full_commands_run_on_and_can_be_stopped()
    {
        OnOwnDisk(Everything);
        int daemon = StartThree();
        int web = (int)Show("web")["pid"]!;
        _disk!.Fill(Path.Combine(State, "filler"));
        AssertNothingBegins();
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.False(LiveProcesses.IsAlive(web));
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
        Assert.Equal(0, RunSup("kill", "api").Status);
        Assert.Equal("running", StateOf("job"));
        File.Delete(_disk.Seen(Path.Combine(State, "filler")));
        AssertAllIsWellAgain(daemon);
    }

    [Theory]
    [InlineData("pwrite64,write", "error=EIO")]
    [InlineData("fsync,fdatasync", "error=EIO")]
    public void A_journal_that_fails_refuses_starts_and_carries_out_stops(string calls, string fault)
    {
        int daemon = StartThree();
        using (new FaultyCalls(daemon, calls, fault, Journal + "-wal"))
        {
            AssertNothingBegins();
            AssertEndsAreCarriedOut();
        }

        AssertAllIsWellAgain(daemon);
    }

    [Fact]
    public void A_journal_that_hangs_is_said_so_in_time_and_stops_are_carried_out()
    {
        int daemon = StartThree();
        using (new FaultyCalls(daemon, "fsync,fdatasync", "delay_enter=600000000", Journal + "-wal"))
        {
            AssertNothingBegins();
            AssertEndsAreCarriedOut();
        }

        AssertAllIsWellAgain(daemon);
    }

    [Fact]
    public void A_commit_that_is_done_and_said_to_have_failed_is_there_once()
    {
        int daemon = StartThree();
        Once(() => Start("--name", "more", "--", "sh", "-c", "echo run >>runs; exec sleep 300"));
        Once(() => Assert.Equal(0, RunSup("restart", "web").Status));
        Once(() => Assert.Equal(0, RunSup("stop", "api").Status));
        void Once(Action action)
        {
            using FaultyCalls fault = new(daemon, "fsync,fdatasync", "error=EIO:when=1", Journal + "-wal");
            action();
        }

        Eventually.True("the run", () => File.Exists(Path.Combine(Work, "runs")));
        Assert.Equal("run\n", File.ReadAllText(Path.Combine(Work, "runs")));
        Assert.Equal(2, (int?)Show("web")["attempt"]);
        Assert.Equal("user-stop", (string?)Show("api")["end_reason"]);
        Assert.Equal(daemon, DaemonPid);
    }

    [Fact]
    public void A_history_that_cannot_be_read_costs_no_other_session_and_its_own_can_be_stopped()
    {
        Needs.Programs("python3");
        StartThree();
        string id = (string)Show("web")["id"]!;
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        Write("damage.py", $"""
            import sqlite3
            c = sqlite3.connect("{Journal}")
            print(c.execute("update journal set message = 'no json' where persistence_id like '%/{id}'").rowcount)
            c.commit()
            """);
        Assert.NotEqual("0\n", Bash("python3 damage.py").Text);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it has failed and is tried again", () => (int?)Json("daemon", "status")["daemon"]!["actor_restarts"] > 0);
        Assert.Equal("running", StateOf("web"));
        Outcome restart = RunSup("restart", "web");
        Assert.Equal(125, restart.Status);
        Assert.Contains("cannot be looked after", restart.ErrorText, StringComparison.Ordinal);
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
        Assert.Equal(0, RunSup("restart", "api").Status);
        Assert.Equal(2, (int?)Show("api")["attempt"]);
    }

    private void OnOwnDisk(string mounts)
    {
        _disk = new OwnDisk(State, Work, mounts);
        Through = _disk.Through;
    }

    /// <returns>The daemon's pid.</returns>
    private int StartThree()
    {
        foreach (string name in new[] { "web", "api", "job" })
        {
            Start("--name", name, "--", "sleep", "300");
        }

        return DaemonPid!.Value;
    }

    private void AssertNothingBegins()
    {
        string before = RunSup("ls", "--all", "--json").Text;
        Outcome refused = RunSup("start", "--json", "--name", "more", "--", "touch", "ran");
        Assert.Equal(125, refused.Status);
        Assert.Equal("journal_unavailable", (string?)JsonNode.Parse(refused.ErrorText)!["error"]!["code"]);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
        Assert.Equal(Ids(before), Ids(RunSup("ls", "--all", "--json").Text));
    }

    private static IEnumerable<string> Ids(string list) => JsonNode.Parse(list)!["sessions"]!.AsArray().Select(s => (string)s!["id"]!).Order(StringComparer.Ordinal);

    private void AssertEndsAreCarriedOut()
    {
        int job = (int)Show("job")["pid"]!;
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal("user-stop", (string?)Show("web")["end_reason"]);
        string id = (string)Show("api")["id"]!;
        string said = Bash($"curl -sS --unix-socket '{State}/daemon.sock' -X POST 'http://sup/v1/sessions/{id}/kill?request_id=one'").Text;
        Assert.Contains("\"journaled\":false", said, StringComparison.Ordinal);
        Assert.Contains("SIGKILL", said, StringComparison.Ordinal);
        Assert.Equal("SIGKILL", (string?)Show("api")["signal"]);
        Assert.Equal(job, (int?)Show("job")["pid"]);
        Assert.True(LiveProcesses.IsAlive(job));
    }

    private void AssertAllIsWellAgain(int daemon)
    {
        Start("--name", "more", "--", "sleep", "300");
        Eventually.True(
            "only what lives is looked after",
            () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 2,
            () => Json("daemon", "status").ToJsonString());
        Eventually.True("what ran meanwhile can be started again", () => RunSup("restart", "job").Status == 0, () => RunSup("restart", "job").ToString());
        Assert.Equal("running", StateOf("job"));
        Assert.Equal(0, RunSup("stop", "more", "job").Status);
        Assert.Equal(daemon, DaemonPid);
    }
}
