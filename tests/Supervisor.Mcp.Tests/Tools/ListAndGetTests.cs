using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Tools;

public sealed class ListAndGetTests : McpTest
{
    [Fact]
    public void The_list_tells_live_and_ended_newest_first()
    {
        string failed = Ran("echo oops; exit 7", "--name", "build", "--label", "team=a");
        using LiveSession live = Live("--name", "web");
        JsonArray sessions = List([]);
        Assert.Equal([live.Id, failed], Ids(sessions));
        JsonObject ended = sessions[1]!.AsObject();
        Assert.Equal("exited", ended["state"]!.GetValue<string>());
        Assert.Equal(7, ended["exit_code"]!.GetValue<int>());
        Assert.Equal("oops", ended["last_line"]!.GetValue<string>());
        Assert.Equal("build", ended["name"]!.GetValue<string>());
        Assert.Equal(["sh", "-c", "echo oops; exit 7"], ended["command"]!.AsArray().Select(w => w!.GetValue<string>()));
        Assert.Equal(Work, ended["working_directory"]!.GetValue<string>());
        Assert.False(ended["self"]!.GetValue<bool>());
        Assert.Equal([live.Id], Ids(List(new JsonObject { ["state"] = "live" })));
        Assert.Equal([failed], Ids(List(new JsonObject { ["state"] = "ended" })));
        Assert.Equal([failed], Ids(List(new JsonObject { ["name"] = "b*" })));
        Assert.Equal([failed], Ids(List(new JsonObject { ["label"] = "team=a" })));
        Assert.Empty(List(new JsonObject { ["label"] = "team=b" }));
        Assert.Equal(2, List(new JsonObject { ["working_directory"] = Folder }).Count);
        Assert.Empty(List(new JsonObject { ["working_directory"] = Home }));
        JsonObject one = Server.Data("sup_list_sessions", new JsonObject { ["limit"] = 1 });
        Assert.Equal([live.Id], Ids(one["sessions"]!.AsArray()));
        Assert.Equal(1, one["more"]!.GetValue<int>());
    }

    [Fact]
    public void A_session_is_shown_with_all_that_is_known()
    {
        string id = Ran("exit 3", "--name", "job", "--retention", "2h");
        JsonObject session = Server.Data("sup_get_session", new JsonObject { ["session_id"] = "job" })["session"]!.AsObject();
        Assert.Equal(id, session["id"]!.GetValue<string>());
        Assert.Equal(7200, session["retention_seconds"]!.GetValue<int>());
        Assert.Equal("pipe", session["transport_mode"]!.GetValue<string>());
        Assert.Equal("exit", session["end_reason"]!.GetValue<string>());
        JsonObject attempt = Assert.Single(session["attempts"]!.AsArray())!.AsObject();
        Assert.Equal(3, attempt["exit_code"]!.GetValue<int>());
    }

    [Theory]
    [InlineData('y')]
    [InlineData('語')]
    [InlineData('"')]
    public void Answers_about_sessions_with_very_long_texts_stay_small(char letter)
    {
        string text = new(letter, 1000);
        string[] labels = [.. Enumerable.Range(0, 20).SelectMany(i => new[] { "--label", $"k{i}={text}" })];
        string folder = Path.Combine([Work, .. Enumerable.Repeat(new string(letter, 60), 6)]);
        Directory.CreateDirectory(folder);
        string[] ids = [.. Enumerable.Range(0, 8).Select(_ => Ran($"printf '{text}'; : {text}", ["--cwd", folder, .. labels]))];
        JsonObject list = Small("tools/call", new JsonObject { ["name"] = "sup_list_sessions", ["arguments"] = new JsonObject { ["limit"] = 1000 } });
        int shown = list["structuredContent"]!["sessions"]!.AsArray().Count;
        Assert.InRange(shown, 3, 8);
        Assert.Equal(8 - shown, list["structuredContent"]!["more"]!.GetValue<int>());
        JsonObject one = Small("tools/call", new JsonObject { ["name"] = "sup_get_session", ["arguments"] = new JsonObject { ["session_id"] = ids[0] } });
        Assert.Contains(new string(letter, 30), one["structuredContent"]!["session"]!["last_line"]!.GetValue<string>(), StringComparison.Ordinal);
        Small("resources/read", new JsonObject { ["uri"] = "sup://sessions" });
        Small("resources/read", new JsonObject { ["uri"] = $"sup://sessions/{ids[0]}" });
    }

    [Fact]
    public void The_session_of_the_server_itself_is_marked()
    {
        using StdioServer server = new(this, Variables, Work, ["run", "--session-id", NewId, "--", "sup", "mcp"]);
        server.Initialize();
        JsonArray sessions = server.Data("sup_list_sessions")["sessions"]!.AsArray();
        Assert.True(Assert.Single(sessions)!["self"]!.GetValue<bool>());
        foreach (string until in new[] { "until_exit", "until_idle_ms" })
        {
            JsonNode value = until == "until_exit" ? true : 100;
            string error = server.Error("sup_wait_output", new JsonObject { ["session_id"] = NewId, ["cursor"] = "0", [until] = value });
            Assert.Contains("[own_session]", error, StringComparison.Ordinal);
        }
    }

    /// <summary>Clients cut results somewhere above 48 KB. The tests' own JSON has the same escapes as the server's.</summary>
    private JsonObject Small(string method, JsonObject parameters)
    {
        JsonObject answer = Server.Request(method, parameters);
        Assert.InRange(answer.ToJsonString().Length, 1, 48 * 1024);
        return answer["result"]!.AsObject();
    }

    private JsonArray List(JsonObject arguments) => Server.Data("sup_list_sessions", arguments)["sessions"]!.AsArray();

    private static IEnumerable<string> Ids(JsonArray sessions) => sessions.Select(s => s!["id"]!.GetValue<string>());
}
