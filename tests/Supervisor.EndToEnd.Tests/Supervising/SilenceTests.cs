using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A command that has fallen silent is idle, and that is an event.</summary>
public sealed class SilenceTests : SupervisedWorkspace
{
    [Fact]
    public void Each_silence_is_one_event_and_so_is_its_end()
    {
        Bash("mkfifo go");
        string id = Start("--name", "web", "--silence-after", "1s", "--", "sh", "-c", "exec 3<>go; for i in 1 2 3; do echo $i; read line <&3; done; sleep 300");
        for (int round = 1; round <= 2; round++)
        {
            WaitFor(id, [.. Enumerable.Repeat(new[] { "idle", "active" }, round).SelectMany(e => e).SkipLast(1)]);
            Assert.Equal("idle", StateOf(id));
            Bash("echo >go");
            WaitFor(id, [.. Enumerable.Repeat(new[] { "idle", "active" }, round).SelectMany(e => e)]);
        }

        WaitFor(id, ["idle", "active", "idle", "active", "idle"]);
        JsonObject[] events = Events(id);
        DateTime started = At(events[1]);
        Assert.Equal("session.started", (string?)events[1]["type"]);
        Assert.InRange((At(events[2]) - started).TotalSeconds, 1, 3);
        Assert.InRange((At(events[^1]) - At(events[^2])).TotalSeconds, 1, 3);
        Assert.All(events[2..], e => Assert.Equal(1, (int?)e["attempt"]));

        // The next daemon knows that it is silent, and does not find it out anew.
        KillDaemon();
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 1);
        Bash("echo >go");
        Start("--name", "other", "--silence-after", "1s", "--", "sleep", "300");
        WaitFor("other", ["idle"]);
        Assert.Equal(["idle", "active", "idle", "active", "idle"], Silences(id));
        Assert.Contains("session.idle", RunSup("events", "--filter", "session.idle").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_began_without_a_daemon_the_next_one_tells()
    {
        Bash("mkfifo go");
        Assert.Equal(0, RunSup("daemon", "start").Status);
        int daemon = DaemonPid!.Value;
        string id = Start("--silence-after", "4s", "--", "sh", "-c", "echo 1; read line <go; echo 2; sleep 300");
        Kill(daemon);
        Eventually.True("its silence", () => StateOf(id) is "idle");
        Assert.Empty(Silences(id));
        Assert.Equal(0, RunSup("daemon", "start").Status);
        WaitFor(id, ["idle"]);
        Bash("echo >go");
        WaitFor(id, ["idle", "active", "idle"]);
    }

    [Fact]
    public void Zero_turns_it_off_and_what_is_no_time_is_refused()
    {
        string off = Start("--silence-after", "0", "--", "sleep", "300");
        string on = Start("--silence-after", "500ms", "--", "sleep", "300");
        Assert.Equal((0, 0.5), ((double?)Show(off)["silence_after_seconds"], (double?)Show(on)["silence_after_seconds"]));
        WaitFor(on, ["idle"]);
        Assert.Equal("running", StateOf(off));
        Assert.Empty(Silences(off));
        foreach (string wrong in new[] { "-1s", "soon", "", "400d" })
        {
            Outcome refused = RunSup("start", "--silence-after", wrong, "--", "touch", "ran");
            Assert.Equal(2, refused.Status);
            Assert.Contains("--silence-after", refused.ErrorText, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Path.Combine(Work, "ran")));
    }

    private static DateTime At(JsonObject happened) => DateTime.Parse((string)happened["timestamp"]!, null, System.Globalization.DateTimeStyles.RoundtripKind);

    private JsonObject[] Events(string session) =>
    [
        .. RunSup("events", "--json").Lines.Select(l => JsonNode.Parse(l)!.AsObject())
            .Where(e => session.Equals((string?)e["session_id"], StringComparison.Ordinal) || session.Equals((string?)e["session_name"], StringComparison.Ordinal)),
    ];

    private string[] Silences(string session) =>
        [.. Events(session).Select(e => ((string)e["type"]!)["session.".Length..]).Where(t => t is "idle" or "active")];

    /// <summary>More may have followed by the time somebody looks.</summary>
    private void WaitFor(string session, string[] silences) =>
        Eventually.True(string.Join(' ', silences), () => Silences(session).Take(silences.Length).SequenceEqual(silences), () => string.Join(' ', Silences(session)));
}
