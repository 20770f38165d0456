using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Safety;

/// <summary>What a model gets wrong is told, with a code that stays; nothing else happens.</summary>
public sealed class BadInputTests : McpTest
{
    [Fact]
    public void Every_wrong_argument_is_an_error_with_a_code_and_changes_nothing()
    {
        string id = Ran("echo hello");
        string before = SessionListing();
        string valid = $"\"session_id\":\"{id}\"";
        foreach ((string tool, string arguments) in new[]
        {
            ("sup_read_output", "{}"),
            ("sup_read_output", "{\"session_id\":7}"),
            ("sup_read_output", "{\"session_id\":\"\"}"),
            ("sup_read_output", $"{{{valid},\"cursor\":-1}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"-1\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":1.5}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"1.5\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"0x10\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\" 1\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"soon\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":true}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":[0]}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"7\"}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":99999999999999999999999}}"),
            ("sup_read_output", $"{{{valid},\"cursor\":\"99999999999999999999999\"}}"),
            ("sup_read_output", $"{{{valid},\"max_bytes\":0}}"),
            ("sup_read_output", $"{{{valid},\"max_bytes\":-5}}"),
            ("sup_read_output", $"{{{valid},\"max_bytes\":2.5}}"),
            ("sup_read_output", $"{{{valid},\"max_bytes\":\"many\"}}"),
            ("sup_read_output", $"{{{valid},\"tail_lines\":-1}}"),
            ("sup_read_output", $"{{{valid},\"tail_lines\":0.5}}"),
            ("sup_read_output", $"{{{valid},\"tail_lines\":1,\"cursor\":\"0\"}}"),
            ("sup_read_output", $"{{{valid},\"format\":\"html\"}}"),
            ("sup_read_output", $"{{{valid},\"curser\":\"0\"}}"),
            ("sup_list_sessions", "{\"state\":\"sleeping\"}"),
            ("sup_list_sessions", "{\"limit\":0}"),
            ("sup_list_sessions", "{\"limit\":-1}"),
            ("sup_list_sessions", "{\"limit\":1.5}"),
            ("sup_list_sessions", "{\"label\":\"nothing\"}"),
            ("sup_list_sessions", "{\"working_directory\":\"here\"}"),
            ("sup_list_sessions", "{\"working_directory\":\"/\\u0000\"}"),
            ("sup_wait_output", $"{{{valid}}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"7\"}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"timeout_ms\":-1}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"timeout_ms\":0.1}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_regex\":\"(\"}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_regex\":\"(?!x)\"}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_regex\":\"(a{{1000}}){{1000}}\"}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_idle_ms\":1.5}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_text\":\"\"}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_idle_ms\":0}}"),
            ("sup_wait_output", $"{{{valid},\"cursor\":\"0\",\"until_exit\":\"yes\"}}"),
            ("sup_search_output", "{}"),
            ("sup_search_output", "{\"text\":\"a\",\"regex\":\"a\"}"),
            ("sup_search_output", "{\"text\":\"a\",\"cursor\":\"0\"}"),
            ("sup_search_output", "{\"text\":\"a\",\"context_lines\":-1}"),
            ("sup_search_output", "{\"text\":\"a\",\"limit\":0}"),
            ("sup_search_output", "{\"text\":\"a\",\"limit\":2.5}"),
            ("sup_search_output", "{\"regex\":\"[\"}"),
        })
        {
            string error = Server.Error(tool, JsonNode.Parse(arguments)!.AsObject());
            Assert.True(
                error.StartsWith("invalid argument: ", StringComparison.Ordinal) && error.Contains(" [invalid_argument].", StringComparison.Ordinal),
                $"{tool} {arguments}: {error}");
        }

        Assert.Equal(before, SessionListing());
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("../../etc/passwd")]
    [InlineData("a b")]
    [InlineData("\u001b[31m")]
    public void A_session_that_is_not_there_is_told_by_every_tool(string id)
    {
        foreach ((string tool, JsonObject more) in new (string, JsonObject)[]
        {
            ("sup_get_session", []), ("sup_read_output", []),
            ("sup_wait_output", new JsonObject { ["cursor"] = "0" }), ("sup_search_output", new JsonObject { ["text"] = "x" }),
        })
        {
            more["session_id"] = id;
            string error = Server.Error(tool, more);
            Assert.StartsWith($"session not found: {id.Replace('\u001b', '\uFFFD')} [session_not_found]. ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parameters_of_another_shape_are_the_clients_fault()
    {
        Assert.Equal(-32602, Code("tools/call", """{"name":7}"""));
        Assert.Equal(-32602, Code("tools/call", """{"name":"sup_get_session","arguments":[1]}"""));
        Assert.Equal(-32602, Code("resources/read", "{}"));
        Assert.Equal(-32602, Code("resources/subscribe", """{"uri":{}}"""));
        Server.SendLine("""{"jsonrpc":"2.0","id":900,"method":"tools/call","params":[1]}""");
        Assert.Equal(-32602, Server.AnswerTo("900")["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public void A_session_whose_time_is_over_is_gone_and_that_is_said()
    {
        string id = Ran("echo x", "--retention", "1s");
        DateTime over = DateTime.UtcNow.AddSeconds(1.1);
        Eventually.True("its time is over", () => DateTime.UtcNow > over);
        using StdioServer server = StdioServer.Ready(this);
        Eventually.True("the server swept it", () => !Directory.Exists(Path.Combine(State, "sessions", id)));
        Assert.Contains("[session_expired]", server.Error("sup_read_output", new JsonObject { ["session_id"] = id }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_of_several_is_ambiguous()
    {
        RunSup("run", "--session-id", NewId + "a", "--", "true");
        RunSup("run", "--session-id", NewId + "b", "--", "true");
        string error = Server.Error("sup_get_session", new JsonObject { ["session_id"] = NewId });
        Assert.StartsWith("session ambiguous: ", error, StringComparison.Ordinal);
        Assert.Contains("[session_ambiguous]", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Huge_limits_are_clamped_and_integers_may_be_written_as_numbers()
    {
        string id = Ran("seq 20000");
        JsonObject page = Server.Data("sup_read_output", JsonNode.Parse(
            $$"""{"session_id":"{{id}}","cursor":0,"max_bytes":1e300}""")!.AsObject());
        Assert.InRange(StdioServer.PageText(page).Length, 60_000, 65_536);
        Assert.NotEmpty(Server.Data("sup_list_sessions", JsonNode.Parse("""{"limit":99999999999999}""")!.AsObject())["sessions"]!.AsArray());
        Assert.Equal("0", Server.Data("sup_read_output", JsonNode.Parse($$"""{"session_id":"{{id}}","cursor":0.0}""")!.AsObject())["start_cursor"]!.GetValue<string>());
    }

    [Fact]
    public void An_unknown_tool_prompt_or_resource_is_refused()
    {
        Assert.Equal(-32602, Code("tools/call", """{"name":"sup_destroy","arguments":{}}"""));
        Assert.Equal(-32602, Code("prompts/get", """{"name":"nothing"}"""));
        Assert.Equal(-32002, Code("resources/read", """{"uri":"sup://nothing"}"""));
        Assert.Equal(-32002, Code("resources/read", """{"uri":"file:///etc/passwd"}"""));
        Assert.Equal(-32002, Code("resources/subscribe", """{"uri":"sup://sessions/nobody"}"""));
        Assert.Equal(-32601, Code("tools/destroy", "{}"));
    }

    private string SessionListing() => string.Join('\n', StateListing().Split('\n').Where(l => l.Contains("/sessions/", StringComparison.Ordinal)));

    private int Code(string method, string parameters) =>
        Server.Request(method, JsonNode.Parse(parameters)!.AsObject())["error"]!["code"]!.GetValue<int>();
}
