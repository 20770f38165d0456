using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Faults;

/// <summary>kill -9 of <c>sup run</c>: the session is lost, by its lock, and what survived is listed.</summary>
public sealed class KilledOwnerTests : Workspace
{
    [Theory]
    [InlineData("never")]
    [InlineData("always")]
    public void A_killed_sup_leaves_a_lost_session_that_lists_its_survivors(string pty)
    {
        using Child run = StartBash($"exec sup run --pty {pty} --session-id one sh -c 'trap \"\" HUP; echo before; sleep 300 & touch up; wait; sleep 300'");
        WaitUntilKnownToRun();
        int pid = Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        Assert.Equal("running", (string?)Json("show", "one")["session"]!["state"]);
        string before = StateListing();
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();

        JsonNode session = Json("show", "one")["session"]!;
        Assert.Equal("lost", (string?)session["state"]);
        Assert.Equal("owner-lost", (string?)session["end_reason"]);
        List<int> survivors = [.. session["survivors"]!.AsArray().Select(s => (int)s!["pid"]!)];
        Assert.Contains(pid, survivors);
        Assert.True(survivors.Count >= 2, session["survivors"]!.ToJsonString());
        Assert.Contains("survivor", RunSup("show", "one").Text, StringComparison.Ordinal);
        Assert.Contains("lost", RunSup("ls", "--all").Text, StringComparison.Ordinal);
        Assert.Empty(Json("ls")["sessions"]!.AsArray());

        // Looking changes nothing.
        Assert.Equal(before.Split('\n').Length, StateListing().Split('\n').Length);
        Assert.False(File.Exists(Path.Combine(Session, "final.json")));
        foreach (LiveProcess left in LiveProcesses.Of(Folder))
        {
            left.Kill();
        }

        Eventually.True("no survivor is left", () => Json("show", "one")["session"]!["survivors"]!.AsArray().Count == 0);
    }

    /// <summary>The pid is written down beside the run, a moment after the command has begun.</summary>
    private void WaitUntilKnownToRun() => Eventually.True("it runs", () =>
        File.Exists(Path.Combine(Work, "up"))
        && Json("ls")["sessions"]!.AsArray().Any(s => string.Equals((string?)s!["state"], "running", StringComparison.Ordinal)));

    [Fact]
    public void A_name_of_a_lost_session_can_be_used_again()
    {
        using Child run = StartBash("exec sup run --name web sh -c 'touch up; exec sleep 300'");
        WaitUntilKnownToRun();
        int pid = Json("show", "web")["session"]!["pid"]!.GetValue<int>();
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        Assert.Equal(0, RunSup("run", "--name", "web", "true").Status);
        new LiveProcess(pid, "sleep").Kill();
    }

    [Fact]
    public void A_stopped_sup_is_not_lost()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        WaitUntilKnownToRun();

        // The pid is written down beside the run, a moment after the command has begun.
        Eventually.True("it is known to", () => string.Equals((string?)Json("show", "one")["session"]!["state"], "running", StringComparison.Ordinal));
        Bash($"kill -STOP {run.Pid}");
        Assert.Equal("running", (string?)Json("show", "one")["session"]!["state"]);
        Bash($"kill -CONT {run.Pid}");
        Write("stop", "");
        Assert.Equal(0, run.Wait().Status);
    }

    [Fact]
    public void Runs_killed_at_random_moments_are_lost_or_ended_and_never_anything_else()
    {
        Random random = new(1);
        Outcome outcome = Bash(string.Join('\n', Enumerable.Range(1, 30).Select(i =>
            FormattableString.Invariant($"sup run --session-id k{i} sh -c 'seq 1 2000' >/dev/null 2>&1 & sleep {random.Next(0, 150) / 1000.0}; kill -9 $! 2>/dev/null; wait $!"))) + "\ntrue");
        Assert.Equal(0, outcome.Status);
        Eventually.True("all have ended", () => LiveProcesses.Of(Folder).Count == 0);
        foreach (JsonNode? session in Json("ls", "--all")["sessions"]!.AsArray())
        {
            Assert.Contains((string)session!["state"]!, new[] { "lost", "exited", "starting" });
        }
    }
}
