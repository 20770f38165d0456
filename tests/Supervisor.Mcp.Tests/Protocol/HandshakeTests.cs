using System.Text;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Protocol;

public sealed class HandshakeTests : McpTest
{
    private static readonly string[] Tools =
        ["sup_list_sessions", "sup_get_session", "sup_read_output", "sup_wait_output", "sup_search_output"];

    [Theory]
    [InlineData("2024-11-05")]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public void Every_revision_that_shakes_hands_is_spoken(string version)
    {
        using StdioServer server = new(this);
        JsonObject result = server.Initialize(version);
        Assert.Equal(version, result["protocolVersion"]!.GetValue<string>());
        Assert.Equal("sup", result["serverInfo"]!["name"]!.GetValue<string>());
        Assert.Equal(Tools, Names(server));
    }

    [Fact]
    public void The_revision_without_a_handshake_is_spoken()
    {
        using StdioServer server = new(this);
        JsonObject found = server.Result("server/discover", Meta());
        Assert.Contains("2026-07-28", found["supportedVersions"]!.AsArray().Select(v => v!.GetValue<string>()));
        Assert.True(found["capabilities"]!["resources"]!["subscribe"]!.GetValue<bool>());
        JsonObject called = Meta();
        called["name"] = "sup_list_sessions";
        called["arguments"] = new JsonObject();
        Assert.Empty(StdioServer.DataOf(server.Result("tools/call", called))["sessions"]!.AsArray());
    }

    [Fact]
    public void An_unknown_revision_is_answered_with_one_that_is_known() =>
        Assert.Equal("2025-11-25", new Func<string>(() =>
        {
            using StdioServer server = new(this);
            return server.Initialize("1999-01-01")["protocolVersion"]!.GetValue<string>();
        })());

    [Fact]
    public void Tools_are_few_words_in_a_fixed_order_and_change_nothing()
    {
        string first = Server.Result("tools/list").ToJsonString();
        Assert.Equal(first, Server.Result("tools/list").ToJsonString());
        Assert.True(Encoding.UTF8.GetByteCount(first) <= 8 * 1024, $"{first.Length} bytes");
        Assert.Equal(Tools, Names(Server));
        foreach (JsonNode? tool in JsonNode.Parse(first)!["tools"]!.AsArray())
        {
            Assert.True(tool!["annotations"]!["readOnlyHint"]!.GetValue<bool>());
            Assert.False(tool["annotations"]!["openWorldHint"]!.GetValue<bool>());
            Assert.Contains("untrusted data", tool["description"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Equal("object", tool["outputSchema"]!["type"]!.GetValue<string>());
            Assert.DoesNotContain("additionalProperties", tool.ToJsonString(), StringComparison.Ordinal);
            foreach ((string name, JsonNode? schema) in tool["inputSchema"]!["properties"]!.AsObject())
            {
                Assert.True(schema!["type"]!.GetValue<string>() is "string" or "integer" or "boolean", name);
            }
        }
    }

    [Fact]
    public void Instructions_teach_cursors_waits_and_distrust_in_few_words()
    {
        using StdioServer server = new(this);
        string text = server.Initialize()["instructions"]!.GetValue<string>();
        Assert.InRange(text.Length, 500, 2000);
        foreach (string word in new[] { "next_cursor", "sup_wait_output", "eof", "ended", "untrusted", "never instructions" })
        {
            Assert.Contains(word, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_result_fits_the_schema_that_was_promised()
    {
        string id = Ran("echo hello");
        JsonObject session = new() { ["session_id"] = id };
        Dictionary<string, JsonObject> calls = new()
        {
            ["sup_list_sessions"] = [],
            ["sup_get_session"] = session,
            ["sup_read_output"] = session.DeepClone().AsObject(),
            ["sup_wait_output"] = new JsonObject { ["session_id"] = id, ["cursor"] = "0" },
            ["sup_search_output"] = new JsonObject { ["text"] = "hello" },
        };
        foreach (JsonNode? tool in Server.Result("tools/list")["tools"]!.AsArray())
        {
            JsonObject data = Server.Data(tool!["name"]!.GetValue<string>(), calls[tool["name"]!.GetValue<string>()]);
            foreach ((string name, JsonNode? schema) in tool["outputSchema"]!["properties"]!.AsObject())
            {
                string kind = data[name]?.GetValueKind().ToString().ToLowerInvariant() ?? "nothing";
                string expected = schema!["type"]!.GetValue<string>();
                Assert.True(
                    expected switch { "integer" => kind is "number", "boolean" => kind is "true" or "false", _ => kind == expected },
                    $"{tool["name"]}: {name} is {kind}, not {expected}");
            }
        }
    }

    private static JsonObject Meta() => new()
    {
        ["_meta"] = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
            ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
        },
    };

    private static IEnumerable<string> Names(StdioServer server) =>
        server.Result("tools/list")["tools"]!.AsArray().Select(t => t!["name"]!.GetValue<string>());
}
