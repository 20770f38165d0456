using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Clients;

/// <summary>The inspector's command line (npm), where <c>./check</c> could install it.</summary>
public sealed class InspectorTests : McpTest
{
    [Fact]
    public void It_lists_and_calls_the_tools()
    {
        string id = Ran("echo hello");
        JsonArray tools = Inspect("--method", "tools/list")["tools"]!.AsArray();
        Assert.Equal(5, tools.Count);
        JsonObject read = Inspect("--method", "tools/call", "--tool-name", "sup_read_output", "--tool-arg", $"session_id={id}", "cursor=0");
        Assert.Equal("hello\n", StdioServer.PageText(StdioServer.DataOf(read)));
        JsonObject resources = Inspect("--method", "resources/list");
        Assert.Equal("sup://sessions", resources["resources"]![0]!["uri"]!.GetValue<string>());
        Assert.Equal(3, Inspect("--method", "prompts/list")["prompts"]!.AsArray().Count);
    }

    private JsonObject Inspect(params string[] arguments)
    {
        string? inspector = Environment.GetEnvironmentVariable("SUP_TEST_INSPECTOR");
        Assert.SkipWhen(string.IsNullOrEmpty(inspector), "the inspector is not installed (SUP_TEST_INSPECTOR)");
        Outcome outcome = Child.Run(new Launch(
            inspector, ["--cli", "-e", $"SUP_STATE_DIR={State}", Path.Combine(Bin, "sup"), "mcp", .. arguments])
        {
            Environment = Variables,
            Folder = Work,
        });
        Assert.True(outcome.Status == 0, outcome.ToString());
        return JsonNode.Parse(outcome.Text)!.AsObject();
    }
}
