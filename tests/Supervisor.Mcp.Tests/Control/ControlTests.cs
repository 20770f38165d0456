using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Control;

/// <summary>What a server may change: nothing, unless a person has allowed it; and then only what it shows, and never its own session.</summary>
public sealed class ControlTests : McpTest
{
    private const string NotAllowed = "[not_allowed]";

    [Fact]
    public void Without_leave_no_tool_is_listed_and_a_refusal_says_how_to_allow_it()
    {
        string id = Ran("exit 0");
        Assert.DoesNotContain(Names(Server), n => n is "sup_start_session" or "sup_stop_session" or "sup_restart_session");
        string refusal = Server.Error("sup_stop_session", new JsonObject { ["session_id"] = id });
        Assert.Contains(NotAllowed, refusal, StringComparison.Ordinal);
        Assert.Contains("--allow-control=stop", refusal, StringComparison.Ordinal);
        Assert.Contains("--allow-control=start", Server.Error("sup_start_session", new JsonObject { ["command"] = "touch ran" }), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
    }

    [Fact]
    public void With_leave_for_some_the_others_are_refused()
    {
        using StdioServer server = StdioServer.Ready(this, "--allow-control=stop");
        Assert.Contains("sup_stop_session", Names(server));
        Assert.DoesNotContain(Names(server), n => n is "sup_start_session" or "sup_restart_session");
        Assert.Contains("--allow-control=restart", server.Error("sup_restart_session", new JsonObject { ["session_id"] = "x" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("everything")]
    [InlineData("stop,")]
    [InlineData("stop start")]
    public void A_word_that_is_no_right_starts_no_server(string words)
    {
        Outcome outcome = RunSup("mcp", "--allow-control=" + words);
        Assert.Equal(2, outcome.Status);
        Assert.Empty(outcome.Out);
    }

    [Fact]
    public void A_session_is_started_watched_restarted_and_stopped()
    {
        using StdioServer server = StdioServer.Ready(this, "--allow-control");
        Directory.CreateDirectory(Path.Combine(Work, "deep"));
        JsonObject session = server.Data("sup_start_session", new JsonObject
        {
            ["command"] = "echo \"$WHO in $(basename $PWD), attempt $SUP_ATTEMPT\"; exec sleep 300",
            ["name"] = "web",
            ["working_directory"] = Path.Combine(Work, "deep"),
            ["env"] = new JsonArray("WHO=me"),
            ["labels"] = new JsonArray("team=a"),
            ["restart"] = "on-failure:2",
        })["session"]!.AsObject();
        string id = session["id"]!.GetValue<string>();
        try
        {
            Assert.Equal(("web", "on-failure:2", "a"), (session["name"]!.GetValue<string>(), session["restart"]!.GetValue<string>(), session["labels"]!["team"]!.GetValue<string>()));
            JsonObject page = server.Data("sup_wait_output", new JsonObject { ["session_id"] = id, ["cursor"] = "0", ["until_text"] = "attempt 1" });
            Assert.Equal("me in deep, attempt 1\n", StdioServer.PageText(page));
            server.Data("sup_restart_session", new JsonObject { ["session_id"] = "web" });
            page = server.Data("sup_wait_output", new JsonObject { ["session_id"] = id, ["cursor"] = page["next_cursor"]!.GetValue<string>(), ["until_text"] = "attempt 2" });
            Assert.Equal("me in deep, attempt 2\n", StdioServer.PageText(page));
            JsonObject stopped = server.Data("sup_stop_session", new JsonObject { ["session_id"] = "web", ["grace_ms"] = 5000 })["session"]!.AsObject();
            Assert.Equal(("signaled", "user-stop"), (stopped["state"]!.GetValue<string>(), stopped["end_reason"]!.GetValue<string>()));
            Assert.Contains("[session_ended]", server.Error("sup_stop_session", new JsonObject { ["session_id"] = "web" }), StringComparison.Ordinal);
        }
        finally
        {
            RunSup("kill", id);
            RunSup("daemon", "stop");
        }
    }

    [Fact]
    public void A_command_that_cannot_be_started_is_an_error_and_so_are_bad_arguments()
    {
        using StdioServer server = StdioServer.Ready(this, "--allow-control=start");
        try
        {
            Assert.Contains("[command_not_found]", server.Error("sup_start_session", new JsonObject { ["argv"] = new JsonArray("./none") }), StringComparison.Ordinal);
            foreach (JsonObject wrong in new JsonObject[]
            {
                [],
                new() { ["command"] = "" },
                new() { ["command"] = "touch ran", ["argv"] = new JsonArray("touch", "ran") },
                new() { ["argv"] = new JsonArray() },
                new() { ["argv"] = new JsonArray("") },
                new() { ["argv"] = "touch ran" },
                new() { ["argv"] = new JsonArray("touch", 1) },
                new() { ["argv"] = new JsonArray("touch", "ran\0") },
                new() { ["command"] = "touch ran", ["name"] = "../x" },
                new() { ["command"] = "touch ran", ["restart"] = "on-failure:0" },
                new() { ["command"] = "touch ran", ["working_directory"] = "here" },
                new() { ["command"] = "touch ran", ["env"] = new JsonArray("=x") },
                new() { ["command"] = "touch ran", ["labels"] = new JsonArray("x") },
                new() { ["command"] = "touch ran", ["allow_input"] = true },
            })
            {
                Assert.Contains("[invalid_argument]", server.Error("sup_start_session", wrong), StringComparison.Ordinal);
            }

            Assert.False(File.Exists(Path.Combine(Work, "ran")));
        }
        finally
        {
            RunSup("daemon", "stop");
        }
    }

    [Fact]
    public void A_server_changes_only_what_it_shows()
    {
        string inside = Path.Combine(Work, "project");
        Directory.CreateDirectory(inside);
        string other = Ran("exit 0");
        using StdioServer server = new(this, Variables, inside, ["mcp", "--scope", "project", "--allow-control"]);
        server.Initialize();
        foreach (string tool in new[] { "sup_stop_session", "sup_restart_session" })
        {
            Assert.Contains("[session_not_found]", server.Error(tool, new JsonObject { ["session_id"] = other }), StringComparison.Ordinal);
        }

        Assert.Contains(NotAllowed, server.Error("sup_start_session", new JsonObject { ["command"] = "touch ran", ["working_directory"] = Work }), StringComparison.Ordinal);
        using StdioServer labelled = StdioServer.Ready(this, "--label", "team=a", "--allow-control");
        Assert.Contains(NotAllowed, labelled.Error("sup_start_session", new JsonObject { ["command"] = "touch ran" }), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
    }

    [Fact]
    public void Its_own_session_is_protected()
    {
        using LiveSession live = Live();
        Variables["SUP_SESSION_ID"] = live.Id;
        using StdioServer server = StdioServer.Ready(this, "--allow-control");
        foreach (string tool in new[] { "sup_stop_session", "sup_restart_session" })
        {
            Assert.Contains("[own_session]", server.Error(tool, new JsonObject { ["session_id"] = live.Id }), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("accept", true)]
    [InlineData("decline", false)]
    [InlineData("cancel", false)]
    public async Task Where_the_client_can_the_person_is_asked(string action, bool done)
    {
        List<string> asked = [];
        using LiveSession live = Live();
        StdioClientTransport transport = new(new StdioClientTransportOptions
        {
            Command = Path.Combine(Bin, "sup"),
            Arguments = ["mcp", "--allow-control"],
            EnvironmentVariables = Variables.ToDictionary(v => v.Key, v => (string?)v.Value),
            WorkingDirectory = Work,
        });
        McpClientOptions options = new()
        {
            Handlers = new McpClientHandlers
            {
                ElicitationHandler = (request, _) =>
                {
                    asked.Add(request!.Message);
                    return ValueTask.FromResult(new ElicitResult { Action = action });
                },
            },
        };
        await using (McpClient client = await McpClient.CreateAsync(transport, options, cancellationToken: TestContext.Current.CancellationToken))
        {
            CallToolResult result = await client.CallToolAsync(
                "sup_stop_session", new Dictionary<string, object?> { ["session_id"] = live.Id }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(done, result.IsError is not true);
        }

        Assert.Contains("stop session", Assert.Single(asked), StringComparison.Ordinal);
        Assert.Equal(done, !RunSup("ls", "--json").Text.Contains(live.Id, StringComparison.Ordinal));
    }

    private static List<string> Names(StdioServer server) => [.. server.Result("tools/list")["tools"]!.AsArray().Select(t => t!["name"]!.GetValue<string>())];
}
