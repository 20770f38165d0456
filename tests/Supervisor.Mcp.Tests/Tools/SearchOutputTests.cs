using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Tools;

public sealed class SearchOutputTests : McpTest
{
    [Fact]
    public void A_text_is_found_with_its_place_and_the_lines_around_it()
    {
        string id = Ran("seq 100; echo 'fatal: [boom'; seq 3");
        JsonObject found = Server.Data("sup_search_output", new JsonObject { ["session_id"] = id, ["text"] = "[boom", ["context_lines"] = 2 });
        JsonObject match = Assert.Single(found["matches"]!.AsArray())!.AsObject();
        Assert.Equal("fatal: [boom", match["line"]!.GetValue<string>());
        Assert.Equal(["99", "100"], match["before"]!.AsArray().Select(l => l!.GetValue<string>()));
        Assert.Equal(["1", "2"], match["after"]!.AsArray().Select(l => l!.GetValue<string>()));
        Assert.Equal("292", match["cursor"]!.GetValue<string>());
        Assert.True(found["complete"]!.GetValue<bool>());
        Assert.StartsWith("fatal: [boom\n", StdioServer.PageText(Page(id, "292")), StringComparison.Ordinal);
    }

    [Fact]
    public void All_sessions_are_searched_newest_first()
    {
        string first = Ran("echo needle one");
        string second = Ran("echo needle two");
        Ran("echo hay");
        JsonObject found = Server.Data("sup_search_output", new JsonObject { ["regex"] = "^needle (one|two)$" });
        Assert.Equal([second, first], found["matches"]!.AsArray().Select(m => m!["session_id"]!.GetValue<string>()));
        Assert.Equal(3, found["searched_sessions"]!.GetValue<int>());
    }

    [Fact]
    public void A_limit_ends_the_search_and_it_can_go_on()
    {
        string id = Ran("seq 1000");
        List<string> lines = [];
        JsonNode? cursor = "0";
        while (cursor is not null)
        {
            JsonObject found = Server.Data(
                "sup_search_output", new JsonObject { ["session_id"] = id, ["regex"] = "7", ["limit"] = 30, ["cursor"] = cursor.GetValue<string>() });
            lines.AddRange(found["matches"]!.AsArray().Select(m => m!["line"]!.GetValue<string>()));
            Assert.Equal(found["complete"]!.GetValue<bool>(), found["next_cursor"] is null);
            cursor = found["next_cursor"];
        }

        Assert.Equal(Enumerable.Range(1, 1000).Select(i => i.ToString(CultureInfo.InvariantCulture)).Where(l => l.Contains('7')), lines);
    }

    [Theory]
    [InlineData("x", 0)]
    [InlineData("x", 10)]
    [InlineData("語", 0)]
    [InlineData("語", 10)]
    [InlineData("\"", 10)]
    public void What_is_found_fits_into_an_answer(string letter, int context)
    {
        string id = Ran($"for i in $(seq 200); do printf '%d ' $i; printf '{letter}%.0s' $(seq 500); echo; done");
        JsonObject answer = Server.Request("tools/call", new JsonObject
        {
            ["name"] = "sup_search_output",
            ["arguments"] = new JsonObject { ["session_id"] = id, ["text"] = letter, ["limit"] = 100, ["context_lines"] = context },
        });
        Assert.InRange(answer.ToJsonString().Length, 10_000, 48 * 1024);
        JsonObject found = StdioServer.DataOf(answer["result"]!.AsObject());
        Assert.False(found["complete"]!.GetValue<bool>());
        JsonObject last = found["matches"]!.AsArray()[^1]!.AsObject();
        Assert.Contains(letter + letter + letter, last["line"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(Math.Min(context, found["matches"]!.AsArray().Count - 1), last["before"]!.AsArray().Count);
        Assert.Equal(context, last["after"]!.AsArray().Count);
        Assert.True(
            long.Parse(found["next_cursor"]!.GetValue<string>(), CultureInfo.InvariantCulture)
            > long.Parse(last["cursor"]!.GetValue<string>(), CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_pattern_that_explodes_elsewhere_is_harmless()
    {
        string id = Ran("head -c 100000 /dev/zero | tr '\\0' a; echo b");
        JsonObject found = Server.Data("sup_search_output", new JsonObject { ["session_id"] = id, ["regex"] = "^(a+)+$" });
        Assert.Empty(found["matches"]!.AsArray());
        Assert.Contains("[invalid_argument]", Server.Error("sup_search_output", new JsonObject { ["regex"] = "(?=a)b" }));
    }
}
