using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup events</c></summary>
public sealed class EventsTests : Workspace
{
    private static readonly string[] Fields =
    [
        "schema_version", "id", "type", "timestamp", "session_id", "session_name", "attempt", "pid", "cursor", "exit_code", "signal", "columns",
        "rows", "bytes", "reason", "state", "end_reason", "duration_seconds",
    ];

    private List<JsonObject> Events(params string[] arguments)
    {
        Outcome outcome = RunSup(["events", "--json", .. arguments]);
        Assert.True(outcome.Status == 0, outcome.ToString());
        Assert.Empty(outcome.Error);
        return [.. outcome.Lines.Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    private static string[] Ids(IEnumerable<JsonObject> events) => [.. events.Select(e => (string)e["id"]!)];

    private static string[] What(IEnumerable<JsonObject> events) =>
        [.. events.Select(e => $"{(string?)e["session_id"]} {(string?)e["type"]}".Trim())];

    private static string[] WhatOf(string file) =>
        File.Exists(file) ? What(File.ReadAllText(file).Split('\n').SkipLast(1).Select(l => JsonNode.Parse(l)!.AsObject())) : [];

    [Fact]
    public void A_session_is_told_from_its_creation_to_its_end()
    {
        RunSup("run", "--session-id", "one", "--name", "web", "sh", "-c", "echo 12345; exit 3");
        RunSup("run", "--session-id", "two", "sh", "-c", "kill -TERM $$");
        RunSup("run", "--session-id", "three", "/nonexistent/program");
        string before = StateListing();
        List<JsonObject> all = Events();
        Assert.Equal(
            [
                "one session.created", "one session.started", "one session.exited", "one session.ended",
                "two session.created", "two session.started", "two session.exited", "two session.ended",
                "three session.created", "three session.ended",
            ],
            What(all));
        Assert.All(all, e => Assert.Equal(Fields, e.Select(p => p.Key)));
        Assert.Equal(all.Count, Ids(all).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Ids(all), Ids(Events()));
        Assert.All(all, e => Assert.Equal("v1alpha1", (string?)e["schema_version"]));
        Assert.All(all.Take(4), e => Assert.Equal("web", (string?)e["session_name"]));
        Assert.NotNull((int?)all[1]["pid"]);
        Assert.Equal(3, (int?)all[2]["exit_code"]);
        Assert.Equal("6", (string?)all[2]["cursor"]);
        Assert.Equal(("exited", "exit", "6"), ((string?)all[3]["state"], (string?)all[3]["end_reason"], (string?)all[3]["cursor"]));
        Assert.Equal("SIGTERM", (string?)all[7]["signal"]);
        Assert.Null(all[7]["exit_code"]);
        Assert.Equal(("failed", "start-failed"), ((string?)all[9]["state"], (string?)all[9]["end_reason"]));

        string text = RunSup("events").Text;
        Assert.Equal(all.Count, text.TrimEnd('\n').Split('\n').Length);
        Assert.Matches(@"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  session\.exited   one \(web\)  exit code 3$", text);
        Assert.Equal(before, StateListing());
    }

    [Fact]
    public void They_can_be_chosen_by_type_and_number()
    {
        RunSup("run", "--session-id", "one", "true");
        RunSup("run", "--session-id", "two", "true");
        Assert.Equal(["one session.ended", "two session.ended"], What(Events("--filter", "session.en*")));
        Assert.Equal(["one session.created", "one session.ended", "two session.created", "two session.ended"], What(Events("--filter", "*.created", "--filter=*.ended")));
        Assert.Empty(Events("--filter", "nothing"));
        Assert.Equal(["two session.exited", "two session.ended"], What(Events("-n", "2")));
        Assert.Equal(["one session.ended", "two session.ended"], What(Events("-n", "3", "--filter", "*.ended")));
        Assert.Empty(Events("-n", "0"));
        foreach (string[] wrong in new[] { new[] { "-n", "-1" }, ["-n", "x"], ["--nosuch"], ["word"] })
        {
            Assert.Equal(2, RunSup(["events", .. wrong]).Status);
        }
    }

    [Fact]
    public void After_any_event_comes_the_rest()
    {
        RunSup("run", "--session-id", "one", "true");
        RunSup("run", "--session-id", "two", "/nonexistent/program");
        RunSup("run", "--session-id", "three", "true");
        string[] all = Ids(Events());
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(all[(i + 1)..], Ids(Events(i % 2 == 0 ? "--after" : "--since-id", all[i])));
        }

        Assert.Equal(all[^1..], Ids(Events("--after", all[1], "-n", "1")));
    }

    [Fact]
    public void An_event_that_is_not_here_any_more_answers_a_gap()
    {
        RunSup("run", "--session-id", "one", "true");
        RunSup("run", "--session-id", "two", "true");
        List<JsonObject> all = Events();
        string first = (string)all[1]["id"]!;
        foreach (string other in new[] { "", "x", "1.2.3", "..\u001b[31m..", first[1..], "f00000000" + first[first.IndexOf('.', StringComparison.Ordinal)..] })
        {
            List<JsonObject> answer = Events("--after", other);
            Assert.Equal([null, .. Ids(all)], answer.Select(e => (string?)e["id"]));
            Assert.Equal("gap", (string?)answer[0]["type"]);
            Assert.False(string.IsNullOrEmpty((string?)answer[0]["reason"]));
        }

        Directory.Delete(Path.Combine(State, "sessions", "one"), recursive: true);
        Assert.Equal(["gap", "two session.created", "two session.started", "two session.exited", "two session.ended"], What(Events("--after", first)));
        Assert.Contains("  gap  ", RunSup("events", "--after", first, "--filter", "nothing").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Following_goes_on_with_what_happens()
    {
        // From before there is anything.
        using Child follow = StartBash("echo $$ >pid; exec sup events -f --json >events");
        string events = Path.Combine(Work, "events");
        Eventually.True("it follows", () => File.Exists(events) && LiveProcesses.Of(Folder).Any(p => p.Command.Contains("events -f", StringComparison.Ordinal) && !p.Command.Contains("sh ", StringComparison.Ordinal) && p.State == 'S'));
        RunSup("run", "--session-id", "one", "true");
        Eventually.True("its end is seen", () => WhatOf(events).Contains("one session.ended", StringComparer.Ordinal), () => string.Join('\n', WhatOf(events)));
        using Child run = StartBash("exec sup run --session-id two sh -c 'until [ -e stop ]; do sleep .02; done; exit 1'");
        Eventually.True("its start is seen", () => WhatOf(events).Contains("two session.started", StringComparer.Ordinal));
        Directory.Delete(Path.Combine(State, "sessions", "one"), recursive: true);
        Write("stop", "");
        run.Wait();
        Eventually.True("its end is seen", () => WhatOf(events).Contains("two session.ended", StringComparer.Ordinal));
        Assert.Equal(
            [
                "one session.created", "one session.started", "one session.exited", "one session.ended",
                "two session.created", "two session.started", "two session.exited", "two session.ended",
            ],
            WhatOf(events));
        new LiveProcess(follow.Pid, "").Kill();
        follow.Wait();
    }

    [Theory]
    [InlineData("never")]
    [InlineData("always")]
    public void The_death_of_an_owner_is_noticed_at_once(string pty)
    {
        using Child run = StartBash($"exec sup run --pty {pty} --session-id one sh -c 'echo $$ >pid; exec sleep 300'");
        string pidFile = Path.Combine(Work, "pid");
        Eventually.True("it runs", () => Json("ls")["sessions"]!.AsArray().Any(s => string.Equals((string?)s!["state"], "running", StringComparison.Ordinal)) && (File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n')));
        int pid = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
        using Child follow = StartBash("exec sup events -f --json >events");
        string events = Path.Combine(Work, "events");
        Eventually.True("it follows", () => WhatOf(events).Length == 2);
        new LiveProcess(run.Pid, "sup").Kill();
        Eventually.True("the loss is seen", () => WhatOf(events).Length == 3);
        Assert.Equal("one session.lost", WhatOf(events)[^1]);
        Assert.Equal("owner-lost", (string?)Events()[^1]["end_reason"]);
        new LiveProcess(follow.Pid, "").Kill();
        new LiveProcess(pid, "").Kill();
        follow.Wait();
        run.Wait();
    }

    [Fact]
    public void A_loss_that_nobody_could_date_is_not_missed_by_who_comes_back_later()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'echo $$ >pid; exec sleep 300'");
        string pidFile = Path.Combine(Work, "pid");
        Eventually.True("it runs", () => (File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n')) && Events().Count == 2);
        RunSup("run", "--session-id", "two", "true");
        string last = Ids(Events())[^1];
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        List<JsonObject> rest = Events("--after", last);
        Assert.Equal(["one session.lost"], What(rest));
        Assert.DoesNotContain(Events("--after", Ids(rest)[0]), e => string.Equals((string?)e["session_id"], "one", StringComparison.Ordinal));
        new LiveProcess(int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture), "").Kill();
    }

    [Fact]
    public void What_is_damaged_costs_no_more_than_itself()
    {
        RunSup("run", "--session-id", "one", "true");
        string one = Session;
        string file = Path.Combine(one, "events.jsonl");
        string[] lines = File.ReadAllLines(file);
        File.WriteAllText(file, string.Join('\n', [
            lines[0], "garbage", "{}", "null", "[]", """{"type":"later","offset":0,"timestamp":"2026-01-01T00:00:00Z","more":[1]}""",
            """{"type":"bad\u001b[31m type","offset":0,"timestamp":"2026-01-01T00:00:00Z"}""", .. lines[1..], """{"type":"torn"""]));
        Directory.CreateDirectory(Path.Combine(State, "sessions", "empty"));
        File.CreateSymbolicLink(Path.Combine(State, "sessions", "link"), one);
        File.WriteAllText(Path.Combine(State, "sessions", "file"), "");
        List<JsonObject> all = Events("--filter", "session.*");
        Assert.Equal(
            ["one session.created", "one session.started", "one session.later", "one session.exited", "one session.ended"],
            What(all.Where(e => !string.Equals((string?)e["session_id"], "empty", StringComparison.Ordinal))));

        // Time goes forward within a session, whatever its lines say.
        Assert.True(Enumerable.Range(1, 4).All(i => (DateTime)all[i]["timestamp"]! >= (DateTime)all[i - 1]["timestamp"]!));
    }

    [Fact]
    public void With_nothing_there_is_nothing_and_nothing_is_made()
    {
        Assert.Empty(RunSup("events").Out);
        Assert.Empty(Events("-n", "5"));
        Assert.Equal("(none)", StateListing());
        Outcome cut = Bash("for i in 1 2 3; do sup run true; done; sup events | head -n 1; echo ${PIPESTATUS[0]}");
        Assert.Empty(cut.ErrorText);
        Assert.Contains(cut.Lines[^1], new[] { "0", "141" });
    }
}
