using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>What other programs get from the daemon, over its socket.</summary>
public sealed class ControlApiTests : SupervisedWorkspace
{
    [Fact]
    public void Sessions_are_listed_and_described()
    {
        string id = Start("--name", "web", "--label", "a=b", "--", "sleep", "300");
        RunSup("run", "--session-id", "done", "sh", "-c", "exit 3");
        using ControlApi api = new(State);
        JsonNode live = Assert.Single(api.Get("/v1/sessions").Body["sessions"]!.AsArray())!;
        Assert.Equal((id, "web", "running", "b"), ((string?)live["id"], (string?)live["name"], (string?)live["state"], (string?)live["labels"]!["a"]));
        Assert.Equal(["done", id], api.Get("/v1/sessions?all=true").Body["sessions"]!.AsArray().Select(s => (string)s!["id"]!));
        JsonNode done = api.Get("/v1/sessions/done").Body["session"]!;
        Assert.Equal(("exited", 3, "external"), ((string?)done["state"], (int?)done["exit_code"], (string?)done["terminal"]));
        Assert.Equal(live["pid"]!.ToJsonString(), api.Get($"/v1/sessions/{id}").Body["session"]!["pid"]!.ToJsonString());
        Assert.Equal(HttpStatusCode.NotFound, api.Get("/v1/sessions/nosuch").Status);
        Assert.Equal(HttpStatusCode.BadRequest, api.Get("/v1/sessions/-x").Status);
        Assert.Equal(HttpStatusCode.BadRequest, api.Get("/v1/sessions?all=perhaps").Status);
    }

    [Fact]
    public void A_signal_reaches_the_command_of_either_kind()
    {
        Start("--name", "back", "--session-id", "back", "--", "sh", "-c", "trap 'echo got >>back' USR1; echo up; while :; do sleep .05; done");
        using Child run = StartBash("sup run --session-id front --quiet -- sh -c 'trap \"echo got >>front\" USR1; echo up; while :; do sleep .05; done'");
        using ControlApi api = new(State);
        foreach (string id in new[] { "back", "front" })
        {
            WaitForText(id, "up");
            (HttpStatusCode status, JsonNode body) = api.Post($"/v1/sessions/{id}/signal?signal=USR1");
            Assert.Equal((HttpStatusCode.OK, "SIGUSR1"), (status, (string?)body["signal"]));
            Eventually.True("the signal", () => File.Exists(Path.Combine(Work, id)));
        }

        Assert.Equal(HttpStatusCode.BadRequest, api.Post("/v1/sessions/back/signal?signal=NOSUCH").Status);
        Assert.Equal(HttpStatusCode.BadRequest, api.Post("/v1/sessions/back/signal").Status);
        Assert.Equal(HttpStatusCode.NotFound, api.Post("/v1/sessions/nosuch/signal?signal=USR1").Status);
        Assert.Equal(0, RunSup("kill", "back", "front").Status);
        Assert.Equal(HttpStatusCode.Conflict, api.Post("/v1/sessions/back/signal?signal=USR1").Status);
    }

    [Fact]
    public void Output_is_followed_from_a_cursor_to_the_end_of_the_session()
    {
        Bash("mkfifo go");
        string id = Start("--pty", "never", "--", "sh", "-c", "echo 0123456789; exec 3<>go; read line <&3; seq 1 200000; read line <&3; echo last");
        WaitForText(id, "0123456789");
        using ControlApi api = new(State);
        using ApiLines lines = api.Follow($"/v1/sessions/{id}/output?cursor=5");
        JsonNode first = lines.Next()!;
        Assert.Equal(("output", "5", "56789\n"), ((string?)first["type"], (string?)first["cursor"], Text(first)));
        Bash("echo >go");
        StringBuilder text = new(Text(first));
        string cursor = (string)first["next_cursor"]!;
        while (!text.ToString().EndsWith("\n200000\n", StringComparison.Ordinal))
        {
            JsonNode next = lines.Next()!;
            Assert.Equal(cursor, (string?)next["cursor"]);
            cursor = (string)next["next_cursor"]!;
            text.Append(Text(next));
        }

        Bash("echo >go");
        List<JsonNode> rest = lines.Rest();
        Assert.Equal("ended", (string?)rest[^1]["type"]);
        foreach (JsonNode line in rest.SkipLast(1))
        {
            text.Append(Text(line));
        }

        Assert.Equal(OutputOf(id)[5..], text.ToString());
        Assert.Equal(Encoding.UTF8.GetByteCount(OutputOf(id)).ToString(System.Globalization.CultureInfo.InvariantCulture), (string?)rest[^1]["cursor"]);
        Assert.Equal(HttpStatusCode.BadRequest, api.Get($"/v1/sessions/{id}/output?cursor=999999999").Status);
        Assert.Equal(HttpStatusCode.BadRequest, api.Get($"/v1/sessions/{id}/output?cursor=-1").Status);
        Assert.Equal(HttpStatusCode.NotFound, api.Get("/v1/sessions/nosuch/output").Status);
    }

    [Fact]
    public void Of_a_run_in_the_foreground_too_and_only_what_is_there_when_that_is_asked()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Bash("mkfifo go");
        using Child run = StartBash("sup run --session-id front --quiet -- sh -c 'echo up; read line <go; echo more'");
        WaitForText("front", "up");
        using ControlApi api = new(State);
        using (ApiLines now = api.Follow("/v1/sessions/front/output?follow=false"))
        {
            Assert.Equal(["output", "end"], now.Rest().Select(l => (string)l["type"]!));
        }

        using ApiLines lines = api.Follow("/v1/sessions/front/output");
        Assert.Equal("up\n", Text(lines.Next()!));
        Bash("echo >go");
        Assert.Equal("more\n", Text(lines.Next()!));
        Assert.Equal("ended", (string?)lines.Next()!["type"]);
        Assert.Null(lines.Next());
    }

    [Fact]
    public void Events_are_followed_and_gone_on_with_after_any()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        using ControlApi api = new(State);
        using ApiLines lines = api.Follow("/v1/events");
        Start("--session-id", "one", "--", "sh", "-c", "exit 4");
        List<JsonNode> seen = [];
        do
        {
            seen.Add(lines.Next()!);
        }
        while ((string?)seen[^1]["type"] is not "session-ended");
        Assert.Equal(
            ["session-requested", "attempt-requested", "attempt-started", "attempt-ended", "session-ended"],
            seen.Select(e => (string)e["type"]!).Where(t => t is not "session-idle"));
        Assert.All(seen, e => Assert.Equal(("one", 1), ((string?)e["session_id"], (int?)e["version"])));
        Assert.Equal(4, (int?)seen[^1]["data"]!["exit_code"]);

        // After each of them the rest, also from another daemon.
        KillDaemon();
        Assert.Equal(0, RunSup("daemon", "start").Status);
        using ControlApi next = new(State);
        for (int i = 0; i < seen.Count; i++)
        {
            using ApiLines after = next.Follow($"/v1/events?follow=false&after={(string)seen[i]["id"]!}");
            Assert.Equal(seen.Skip(i + 1).Select(e => e.ToJsonString()), after.Rest().Select(e => e.ToJsonString()));
        }

        foreach (string other in new[] { "", "x", "j.1", "f12345678.1.2.one" })
        {
            using ApiLines gap = next.Follow($"/v1/events?follow=false&after={other}");
            List<JsonNode> all = gap.Rest();
            Assert.Equal("gap", (string?)all[0]["type"]);
            Assert.Equal((string?)seen[0]["id"], (string?)all[0]["oldest"]);
            Assert.Equal(seen.Select(e => (string?)e["id"]), all.Skip(1).Select(e => (string?)e["id"]));
        }
    }

    [Fact]
    public void A_run_in_the_foreground_is_stopped_too()
    {
        Assert.Equal(0, RunSup("daemon", "start").Status);
        using Child run = StartBash("sup run --session-id front --quiet -- sh -c 'echo up; exec sleep 300'");
        WaitForText("front", "up");
        using ControlApi api = new(State);
        (HttpStatusCode status, JsonNode body) = api.Post("/v1/sessions/front/stop");
        Assert.Equal((HttpStatusCode.OK, "signaled", "SIGTERM"), (status, (string?)body["state"], (string?)body["signal"]));
        Assert.Equal("user-stop", (string?)Show("front")["end_reason"]);
    }

    [Fact]
    public void A_client_that_leaves_undoes_nothing()
    {
        Start("--session-id", "one", "--stop-timeout", "1s", "--", "sh", "-c", "trap 'echo >asked' TERM; while :; do sleep .05; done");
        using (ControlApi api = new(State))
        using (CancellationTokenSource leave = new())
        {
            Task<(HttpStatusCode, JsonNode)> stop = Task.Run(() => api.Post("/v1/sessions/one/stop"), leave.Token);
            Eventually.True("the stop", () => File.Exists(Path.Combine(Work, "asked")));
            api.Dispose();
            Assert.ThrowsAny<Exception>(() => stop.GetAwaiter().GetResult());
        }

        WaitForState("one", "signaled");
        using ControlApi again = new(State);
        Eventually.True("the daemon knows", () => (int?)again.Get("/v1/daemon").Body["sessions"] == 0);
    }

    private static string Text(JsonNode line) => Encoding.UTF8.GetString(Convert.FromBase64String((string)line["data_base64"]!));
}
