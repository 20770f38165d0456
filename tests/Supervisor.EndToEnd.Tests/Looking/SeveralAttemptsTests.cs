using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Sessions.Tests.Support;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>Sessions whose command was started several times, in one transcript.</summary>
public sealed class SeveralAttemptsTests : Workspace
{
    private const string Id = "several";
    private readonly StoredSession _session;

    public SeveralAttemptsTests()
    {
        _session = new StoredSession(new TestState(Folder), Id);
        _session.BeginAttempt();
        _session.Write("old ready\nserver rea");
        _session.EndAttempt(7);
        _session.BeginAttempt();
    }

    protected override void Dispose(bool disposing)
    {
        _session.Dispose();
        base.Dispose(disposing);
    }

    [Fact]
    public void A_wait_begins_at_the_current_attempt_unless_a_cursor_is_given()
    {
        _session.Write("dy at last\n");
        foreach (string[] what in new string[][] { ["--for", "ready"], ["--regex", "^(old|server) ready"] })
        {
            Assert.Equal(124, RunSup(["wait", Id, .. what, "--timeout", "0"]).Status);
            Assert.Equal("old ready\n", RunSup(["wait", Id, .. what, "--cursor", "0"]).Text);
            Assert.Equal("server ready at last\n", RunSup(["wait", Id, .. what, "--cursor", "10"]).Text);
        }

        JsonObject there = Json("wait", Id, "--regex", "^dy");
        Assert.Equal(("dy at last", "20", "31"), ((string?)there["line"], (string?)there["cursor"], (string?)there["next_cursor"]));
        using Child waiting = StartSup("wait", Id, "--for", "ready");
        _session.Write("rea");
        _session.After(TimeSpan.FromSeconds(1));
        _session.Write("dy\n");
        Assert.Equal((0, "ready\n"), waiting.Wait() is var outcome ? (outcome.Status, outcome.Text) : default);
        _session.End();
    }

    [Fact]
    public void A_wait_that_began_in_an_attempt_goes_on_in_the_next()
    {
        using Child found = StartSup("wait", Id, "--for", "third time");
        using Child never = StartSup("wait", Id, "--for", "never", "--json");
        using Child exit = StartSup("wait", Id);
        using Child status = StartSup("wait", Id, "--exit", "--json");
        WaitUntilWatched(4);
        _session.Write("second time\n");
        _session.EndAttempt(9);
        Assert.Equal(9, exit.Wait().Status);
        Assert.Equal(("exit", "32", 9), JsonNode.Parse(status.Wait().Text) is { } end ? ((string)end["reason"]!, (string)end["next_cursor"]!, (int)end["exit_code"]!) : default);
        _session.BeginAttempt();
        _session.Write("third time\n");
        Assert.Equal((0, "third time\n"), found.Wait() is var outcome ? (outcome.Status, outcome.Text) : default);
        _session.EndAttempt(5);
        _session.End(5);
        Outcome ended = never.Wait();
        Assert.Equal((4, "ended"), (ended.Status, (string?)JsonNode.Parse(ended.Text)!["reason"]));
        Assert.Equal(5, RunSup("wait", Id).Status);
        Assert.Equal(4, RunSup("wait", Id, "--for", "second").Status);
        Assert.Equal("server reasecond time\n", RunSup("wait", Id, "--for", "second", "--cursor", "0").Text);
    }

    [Fact]
    public void A_wait_ends_with_an_owner_that_is_lost_between_two_attempts()
    {
        using Child never = StartSup("wait", Id, "--for", "ready", "--json");
        WaitUntilWatched(1);
        _session.EndAttempt(1);
        _session.Abandon();
        Outcome ended = never.Wait();
        Assert.Equal((4, "lost"), (ended.Status, (string?)JsonNode.Parse(ended.Text)!["reason"]));
    }

    [Fact]
    public void Logs_are_of_all_attempts_and_following_ends_with_the_session_alone()
    {
        _session.Write("dy at last\n");
        using Child follow = StartSup("logs", "-f", Id);
        using Child text = StartSup("logs", "-f", "-n", "1", "--text", Id);
        WaitUntilWatched(2);
        Assert.Equal("old ready\nserver ready at last\n", RunSup("logs", Id).Text);
        _session.EndAttempt(1);
        Assert.Equal("server ready at last\n", RunSup("logs", Id, "-n", "1").Text);
        _session.BeginAttempt();
        _session.Write("third\n");
        _session.EndAttempt(0);
        _session.End();
        Assert.Equal((0, "old ready\nserver ready at last\nthird\n"), follow.Wait() is var outcome ? (outcome.Status, outcome.Text) : default);
        Assert.Equal("server ready at last\nthird\n", text.Wait().Text);
    }

    [Fact]
    public void Show_lists_the_attempts()
    {
        string shown = RunSup("show", Id).Text;
        Assert.Matches("(?m)^attempt +1 of 2, .*exited 7", shown);
        Assert.Matches("(?m)^attempt +2 of 2, ", shown);
        JsonArray attempts = Json("show", Id)["session"]!["attempts"]!.AsArray();
        Assert.Equal([(1, "0", "20", 7), (2, "20", null, null)], attempts.Select(a =>
            ((int)a!["attempt"]!, (string)a["start_cursor"]!, (string?)a["end_cursor"], (int?)a["exit_code"])));
        _session.End();
    }

    /// <summary>Waits until so many processes watch the folder: what happens from then on they are told.</summary>
    private void WaitUntilWatched(int count) =>
        Eventually.True("they watch", () => LiveProcesses.Of(Folder).Count(p => p.WatchesFiles) == count);

    private Child StartSup(params string[] arguments) =>
        Child.Start(new Launch(Path.Combine(Bin, "sup"), arguments) { Environment = Variables, Folder = Work });
}
