using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Safety;

public sealed class ScopeTests : McpTest
{
    [Fact]
    public void A_server_of_a_project_shows_only_what_runs_in_it()
    {
        string inside = Path.Combine(Work, "project");
        Directory.CreateDirectory(Path.Combine(inside, "deep"));
        Directory.CreateDirectory(inside + "-other");
        string shown = Ran("echo shown", "--cwd", Path.Combine(inside, "deep"));
        string other = Ran("echo secret", "--cwd", inside + "-other");
        using StdioServer server = new(this, Variables, inside, ["mcp", "--scope", "project"]);
        server.Initialize();
        AssertSeesOnly(server, shown, other, hidden: 1);
    }

    [Theory]
    [InlineData("--session", "mine")]
    [InlineData("--name", "mi*")]
    [InlineData("--label", "team=a")]
    public void A_server_shows_only_what_it_was_limited_to(string option, string value)
    {
        string shown = Ran("echo shown", "--name", "mine", "--label", "team=a");
        string other = Ran("echo secret", "--name", "yours", "--label", "team=b");
        using StdioServer server = StdioServer.Ready(this, option, value);
        AssertSeesOnly(server, shown, other, hidden: 1);
    }

    [Fact]
    public void A_session_is_looked_for_among_those_that_the_other_limits_leave()
    {
        string shown = Ran("echo shown", "--name", "web", "--label", "team=a");
        string newer = Ran("echo secret", "--name", "web", "--label", "team=b");
        using StdioServer server = StdioServer.Ready(this, "--session", "web", "--label", "team=a");
        AssertSeesOnly(server, shown, newer, hidden: 1);
    }

    [Theory]
    [InlineData("--scope", "everything")]
    [InlineData("--label", "nothing")]
    public void An_invalid_limit_starts_no_server(string option, string value)
    {
        Outcome outcome = RunSup("mcp", option, value);
        Assert.Equal(2, outcome.Status);
        Assert.Empty(outcome.Out);
    }

    private static void AssertSeesOnly(StdioServer server, string shown, string other, int hidden)
    {
        JsonObject list = server.Data("sup_list_sessions");
        Assert.Equal(shown, Assert.Single(list["sessions"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Equal(hidden, list["hidden"]!.GetValue<int>());
        Assert.Equal("shown\n", StdioServer.PageText(server.Data("sup_read_output", new JsonObject { ["session_id"] = shown[..8] })));
        foreach (string tool in new[] { "sup_get_session", "sup_read_output", "sup_wait_output", "sup_search_output" })
        {
            JsonObject arguments = new() { ["session_id"] = other };
            if (tool == "sup_wait_output")
            {
                arguments["cursor"] = "0";
            }

            if (tool == "sup_search_output")
            {
                arguments["text"] = "secret";
            }

            Assert.StartsWith($"session not found: {other} [session_not_found].", server.Error(tool, arguments), StringComparison.Ordinal);
        }

        Assert.Empty(server.Data("sup_search_output", new JsonObject { ["text"] = "secret" })["matches"]!.AsArray());
        foreach (string method in new[] { "resources/read", "resources/subscribe" })
        {
            foreach (string uri in new[] { $"sup://sessions/{other}", $"sup://sessions/{other}/output" })
            {
                string message = server.Request(method, new JsonObject { ["uri"] = uri })["error"]!["message"]!.GetValue<string>();
                Assert.Contains("[session_not_found]", message, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(other, server.Result("resources/list").ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(other, server.Result("resources/read", new JsonObject { ["uri"] = "sup://sessions" }).ToJsonString(), StringComparison.Ordinal);
    }
}
