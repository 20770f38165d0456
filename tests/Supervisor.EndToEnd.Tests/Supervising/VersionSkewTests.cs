using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Protocol.Live;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>Keepers, daemons and clients of different versions: what was recorded of each version of the protocol is understood, in both directions.</summary>
public sealed class VersionSkewTests : SupervisedWorkspace
{
    /// <summary>What is another's each time.</summary>
    private static readonly string[] Volatile =
        ["version", "protocol", "pid", "pid_start_time", "end", "connections", "message", "later", "mood", "lost_bytes"];

    [Theory]
    [InlineData("protocol-1", true)]
    [InlineData("protocol-1", false)]
    [InlineData("protocol-2", true)]
    [InlineData("protocol-later", true)]
    public void What_clients_and_daemons_of_any_version_say_is_understood_by_an_owner_of_today(string version, bool keeper)
    {
        const string Script = "trap 'echo got' USR1; echo up; while :; do sleep .1; done";
        using KeptSession? kept = keeper ? new KeptSession(this, Script, s => s with { Name = "web" }, RecordedOwner.Id) : null;
        using Child? run = keeper ? null : StartBash($"exec sup run --name web --session-id {RecordedOwner.Id} -- bash -c \"{Script}\"");
        if (keeper && version is "protocol-1")
        {
            kept!.Begin();
        }

        string socket = Path.Combine(State, "sessions", RecordedOwner.Id, "live.sock");
        Eventually.True("the command's first words", () => version is not "protocol-1" || RunSup("logs", RecordedOwner.Id).Text.Contains("up", StringComparison.Ordinal));
        Dictionary<int, LiveSocket> connections = [];
        foreach (RecordedFrame frame in RecordedFrame.Read(version))
        {
            if (frame is { ToOwner: true, Type: "hello" })
            {
                connections.Add(frame.Connection, new LiveSocket(socket, frame.Json));
            }
            else if (frame is { ToOwner: true, Frame: not null })
            {
                Eventually.True("what is to be signalled is ready", () => frame.Type is not ("signal" or "stop") || Words("up") == (int?)Show(RecordedOwner.Id)["attempt"]);
                connections[frame.Connection].Send(frame.Json);
            }
            else if (frame.ToOwner)
            {
                connections[frame.Connection].Dispose();
            }
            else if (frame is { Type: "hello" })
            {
                AssertLike(frame, connections[frame.Connection].Hello);
            }
            else if (frame.Type is not ("" or "weather"))
            {
                AssertLike(frame, connections[frame.Connection].Receive());
            }
        }

        Eventually.True("its end", () => File.Exists(Path.Combine(State, "sessions", RecordedOwner.Id, "final.json")));
        Assert.Equal("user-stop", (string?)Show(RecordedOwner.Id)["end_reason"]);
        kept?.End();
        run?.Wait();
    }

    [Fact]
    public void What_no_version_knows_is_answered_and_changes_nothing()
    {
        using KeptSession kept = new(this, "read x");
        using LiveSocket newer = new(Path.Combine(kept.Folder, "live.sock"), """{"type":"hello","protocol_min":2,"protocol_max":99,"role":"oracle","epoch":1,"later":[]}""");
        Assert.Equal(LiveProtocol.Max, (int?)newer.Hello["protocol"]);
        JsonObject answer = newer.Ask("""{"type":"transmute","id":5,"into":{"gold":true}}""");
        Assert.Equal(("error", 5, "invalid_argument"), ((string?)answer["type"], (int?)answer["id"], (string?)answer["code"]));
        Assert.Equal("status", (string?)newer.Ask("""{"type":"status","id":6}""")["type"]);
        InvalidOperationException none = Assert.Throws<InvalidOperationException>(() =>
        {
            using LiveSocket only = new(Path.Combine(kept.Folder, "live.sock"), """{"type":"hello","protocol_min":90,"protocol_max":99,"role":"daemon","epoch":9}""");
        });
        Assert.Contains("version_skew", none.Message, StringComparison.Ordinal);
        Assert.Equal("attempt", (string?)kept.Begin()["type"]);
    }

    [Theory]
    [InlineData("protocol-2")]
    [InlineData("protocol-later")]
    public void A_keeper_of_another_version_is_looked_after_by_a_daemon_of_today(string version)
    {
        using RecordedOwner owner = new(this, RecordedFrame.Read(version));
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it is joined", () => owner.Asked.Any(a => (string?)a["type"] is "start"));
        Assert.Equal(1, (int?)Json("daemon", "status")["daemon"]!["sessions"]);
        Assert.Equal("running", StateOf(RecordedOwner.Id));
        Assert.Equal(0, RunSup("signal", "web", "USR1").Status);
        Assert.Equal(0, RunSup("rename", "web", "api").Status);
        Outcome restart = RunSup("restart", "--force", RecordedOwner.Id);
        Assert.True(restart.Status == 0, restart.ToString());
        Outcome stop = RunSup("stop", "--force", RecordedOwner.Id);
        Assert.True(stop.Status == 0, stop.ToString());
        Assert.Equal("user-stop", (string?)Show(RecordedOwner.Id)["end_reason"]);
        Eventually.True("nothing is looked after", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0);
    }

    [Fact]
    public void A_keeper_that_speaks_no_version_of_ours_is_said_so_and_holds_nobody_up()
    {
        using RecordedOwner owner = new(this, [.. new[] { "operator", "daemon" }.SelectMany((role, i) => new[]
        {
            Frame(i, toOwner: true, $$"""{"type":"hello","role":"{{role}}"}"""),
            Frame(i, toOwner: false, """{"type":"error","code":"version_skew","message":"this owner speaks protocol 8 to 9"}"""),
        })]);
        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("it was tried", () => owner.Asked.Any(a => (string?)a["role"] is "daemon"));
        Assert.Equal("running", StateOf(RecordedOwner.Id));
        Outcome stop = RunSup("stop", "--force", "web");
        Assert.Equal(125, stop.Status);
        Assert.Contains("8 to 9", stop.ErrorText, StringComparison.Ordinal);
        Assert.Contains("use the version of sup that started it", stop.ErrorText, StringComparison.Ordinal);
        Start("--name", "other", "--", "sleep", "300");
        Assert.Equal(0, RunSup("stop", "other").Status);
        Assert.Equal(0, RunSup("daemon", "stop").Status);
    }

    [Theory]
    [InlineData(7, 9, false)]
    [InlineData(0, 0, false)]
    [InlineData(1, 9, true)]
    [InlineData(0, 1, true)]
    public void A_client_and_a_daemon_of_different_versions_say_what_to_do_or_understand_each_other(int min, int max, bool understood)
    {
        Start("--name", "web", "--", "sleep", "300");
        string record = Path.Combine(State, "daemon.json");
        File.WriteAllText(record, Regex.Replace(File.ReadAllText(record), "\"api_min\":1,\"api_max\":1", $"\"api_min\":{min},\"api_max\":{max}", RegexOptions.NonBacktracking));
        Outcome start = RunSup("start", "--name", "more", "--", "sleep", "300");
        Assert.True(start.Status == (understood ? 0 : 125), start.ToString());
        if (!understood)
        {
            Assert.Contains("sup daemon stop", start.ErrorText, StringComparison.Ordinal);
            Assert.Contains($"{min} to {max}", start.ErrorText, StringComparison.Ordinal);
        }

        Assert.Equal("running", StateOf("web"));
        Assert.Equal(0, RunSup("stop", "web").Status);
        Assert.Equal(0, RunSup("daemon", "stop").Status);
        Start("--name", "next", "--", "sleep", "300");
    }

    private int Words(string word) => File.ReadAllText(Path.Combine(State, "sessions", RecordedOwner.Id, "output.bin")).Split(word).Length - 1;

    private static RecordedFrame Frame(int connection, bool toOwner, string json) => new(connection, toOwner, JsonNode.Parse(json)!.AsObject(), json);

    private static void AssertLike(RecordedFrame recorded, JsonObject? answer)
    {
        Assert.NotNull(answer);
        foreach ((string name, JsonNode? value) in recorded.Frame!)
        {
            Assert.True(answer.ContainsKey(name) || Volatile.Contains(name, StringComparer.Ordinal), $"{name} of {recorded.Json} is missing in {answer.ToJsonString()}");
            Assert.True(
                Volatile.Contains(name, StringComparer.Ordinal) || name is "epoch" or "attempt" || JsonNode.DeepEquals(value, answer[name]),
                $"{name} of {recorded.Json} is another in {answer.ToJsonString()}");
        }
    }
}
