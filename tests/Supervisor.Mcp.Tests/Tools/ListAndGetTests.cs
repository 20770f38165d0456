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

    [Fact]
    public void A_list_of_very_many_stays_small()
    {
        for (int i = 0; i < 8; i++)
        {
            Ran("printf '" + new string('y', 400) + "'; : " + new string('z', 3000), "--label", "k=" + new string('v', 900));
        }

        string answer = Server.Request("tools/call", new JsonObject
        {
            ["name"] = "sup_list_sessions",
            ["arguments"] = new JsonObject { ["limit"] = 1000 },
        }).ToJsonString();
        Assert.True(answer.Length < 48 * 1024, $"{answer.Length} characters");
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

    private JsonArray List(JsonObject arguments) => Server.Data("sup_list_sessions", arguments)["sessions"]!.AsArray();

    private static IEnumerable<string> Ids(JsonArray sessions) => sessions.Select(s => s!["id"]!.GetValue<string>());
}
