using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>What <c>ls</c>, <c>show</c> and <c>status</c> say when something is not as it should be.</summary>
public sealed class TrueStateTests : Workspace
{
    [Fact]
    public void A_stopped_owner_is_said_by_all_three()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")) && (string?)Session("one")["state"] is "running");
        Assert.Equal("running", (string?)Session("one")["owner"]);
        Bash($"kill -STOP {run.Pid}");
        Eventually.True("it is seen stopped", () => (string?)Session("one")["owner"] is "stopped");
        Assert.Equal("running", (string?)Session("one")["state"]);
        foreach (string text in new[] { RunSup("ls").Text, RunSup("show", "one").Text, RunSup("status", "one").Text, RunSup("status").Text })
        {
            Assert.Contains("stopped", text, StringComparison.Ordinal);
        }

        Bash($"kill -CONT {run.Pid}");
        Write("stop", "");
        run.Wait();
        Assert.Null(Session("one")["owner"]);
    }

    [Fact]
    public void After_a_reboot_a_session_without_an_end_is_lost_by_it()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'touch up; exec sleep 300'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")) && (string?)Session("one")["state"] is "running");
        int pid = (int)Session("one")["pid"]!;
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        Assert.Equal("owner-lost", (string?)Session("one")["end_reason"]);
        Assert.NotEmpty(Session("one")["survivors"]!.AsArray());
        Assert.Contains("survivor", RunSup("status", "one").Text, StringComparison.Ordinal);

        JsonObject meta = FileOf("meta.json");
        meta["boot_id"] = "00000000-0000-0000-0000-000000000000";
        File.WriteAllText(Path.Combine(base.Session, "meta.json"), meta.ToJsonString());
        JsonNode session = Session("one");
        Assert.Equal("lost", (string?)session["state"]);
        Assert.Equal("reboot", (string?)session["end_reason"]);

        // The numbers of another boot say nothing about the processes of this one.
        Assert.Empty(session["survivors"]!.AsArray());
        Assert.Contains("reboot", RunSup("show", "one").Text, StringComparison.Ordinal);
        new LiveProcess(pid, "sleep").Kill();
    }

    [Fact]
    public void Output_that_could_not_be_stored_is_said_by_all_three()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", "echo hello");
        Assert.Equal(0, (int)Session("one")["lost_bytes"]!);
        File.AppendAllText(
            Path.Combine(base.Session, "events.jsonl"),
            "{\"type\":\"gap\",\"offset\":6,\"timestamp\":\"2026-01-01T00:00:00Z\",\"bytes\":2048,\"reason\":\"No space left on \\u001bdevice\"}\n");
        Assert.Equal(2048, (int)Session("one")["lost_bytes"]!);
        Assert.Contains("No space left", (string?)Assert.Single(Session("one")["problems"]!.AsArray()), StringComparison.Ordinal);
        Assert.Contains("output lost", RunSup("ls", "--all").Text, StringComparison.Ordinal);
        foreach (string command in new[] { "show", "status" })
        {
            string text = RunSup(command, "one").Text;
            Assert.Contains("2.0 KiB of output were not stored: No space left", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', text);
        }
    }

    [Fact]
    public void Strange_folders_are_listed_for_what_they_are_and_cost_no_other_session_its_line()
    {
        RunSup("run", "--session-id", "good", "echo", "hello");
        RunSup("run", "--session-id", "later", "true");
        RunSup("run", "--session-id", "torn", "true");
        string sessions = Path.Combine(State, "sessions");
        File.WriteAllText(Path.Combine(sessions, "later", "meta.json"), "{\"schema_version\":\"v9\",\"id\":[],\"evil\":\"\u001b[2J\"}");
        File.WriteAllText(Path.Combine(sessions, "torn", "final.json"), "{\"schema_version\"");
        Directory.CreateDirectory(Path.Combine(sessions, "bare"));
        Directory.CreateSymbolicLink(Path.Combine(sessions, "linked"), Path.Combine(sessions, "good"));
        File.WriteAllText(Path.Combine(sessions, "file"), "x");
        Outcome fifo = Bash($"mkfifo {Path.Combine(sessions, "bare", "meta.json")}; mkdir {sessions}/old; touch -d '1 hour ago' {sessions}/old");
        Assert.Equal(0, fifo.Status);

        Outcome list = RunSup("ls", "--all");
        Assert.Equal(0, list.Status);
        Assert.Empty(list.ErrorText);
        Assert.Equal(6, list.Lines.Length);
        string Line(string id) => Assert.Single(list.Lines, l => l.StartsWith(id + " ", StringComparison.Ordinal));
        Assert.Contains("exited 0", Line("good"), StringComparison.Ordinal);
        Assert.Contains("lost", Line("torn"), StringComparison.Ordinal);
        Assert.Contains("lost, unreadable", Line("old"), StringComparison.Ordinal);
        Assert.Contains("unreadable", Line("later"), StringComparison.Ordinal);
        Assert.Contains("schema v9", RunSup("show", "later").Text, StringComparison.Ordinal);
        Assert.Contains("schema v9", RunSup("status", "later").Text, StringComparison.Ordinal);
        Assert.Contains("final.json is damaged", RunSup("show", "torn").Text, StringComparison.Ordinal);
        Assert.Equal(3, RunSup("show", "linked").Status);
        JsonArray json = Json("ls", "--all")["sessions"]!.AsArray();
        Assert.Equal(5, json.Count);
        Assert.All(json, s => Assert.NotNull(s!["problems"]));
        Assert.Equal(0, RunSup("status").Status);
    }

    [Fact]
    public void A_later_schema_with_more_fields_is_read_and_said()
    {
        RunSup("run", "--session-id", "one", "--name", "web", "true");
        JsonObject meta = FileOf("meta.json");
        meta["schema_version"] = "v2";
        meta["colour"] = new JsonArray(1, 2);
        File.WriteAllText(Path.Combine(base.Session, "meta.json"), meta.ToJsonString());
        JsonNode session = Session("web");
        Assert.Equal("exited", (string?)session["state"]);
        Assert.Contains("v2", (string?)Assert.Single(session["problems"]!.AsArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_without_the_variable_is_still_known_to_be_inside()
    {
        Outcome outcome = RunSup("run", "--session-id", "one", "sh", "-c", "env -u SUP_SESSION_ID sup show one --json; sup ls; sup run --session-id inner sup show one --json");
        string[] lines = outcome.Lines;
        Assert.True((bool)JsonNode.Parse(lines[0])!["session"]!["self"]!);
        Assert.Contains("this one", lines[2], StringComparison.Ordinal);

        // An inner session's command is inside the outer one, too.
        Assert.True((bool)JsonNode.Parse(lines[^1])!["session"]!["self"]!);
        Assert.False((bool)Session("one")["self"]!);
    }

    private new JsonNode Session(string id) => Json("show", id)["session"]!;
}
