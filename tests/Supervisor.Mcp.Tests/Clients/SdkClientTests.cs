using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Clients;

/// <summary>The SDK's own client, which is not ours.</summary>
public sealed class SdkClientTests : McpTest
{
    [Fact]
    public async Task It_lists_calls_waits_with_progress_and_reads()
    {
        using LiveSession session = Live("--name", "web");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        StdioClientTransport transport = new(new StdioClientTransportOptions
        {
            Command = Path.Combine(Bin, "sup"),
            Arguments = ["mcp"],
            EnvironmentVariables = Variables.ToDictionary(v => v.Key, string? (v) => v.Value, StringComparer.Ordinal),
            WorkingDirectory = Work,
        });
        McpClient client = await McpClient.CreateAsync(transport, cancellationToken: cancellation);
        await using (client)
        {
            IList<McpClientTool> tools = await client.ListToolsAsync(cancellationToken: cancellation);
            Assert.Equal(5, tools.Count);
            Progress<ProgressNotificationValue> progress = new();
            ValueTask<CallToolResult> wait = client.CallToolAsync(
                "sup_wait_output", new Dictionary<string, object?> { ["session_id"] = "web", ["cursor"] = 0, ["until_text"] = "ready" }, progress, cancellationToken: cancellation);
            session.Print("ready\n");
            CallToolResult result = await wait;
            Assert.NotEqual(true, result.IsError);
            Assert.Equal("text", result.StructuredContent!.Value.GetProperty("reason").GetString());
            ReadResourceResult read = await client.ReadResourceAsync($"sup://sessions/{session.Id}/output", cancellationToken: cancellation);
            Assert.Contains("\nready\n", Assert.IsType<TextResourceContents>(Assert.Single(read.Contents)).Text, StringComparison.Ordinal);
            CallToolResult error = await client.CallToolAsync(
                "sup_get_session", new Dictionary<string, object?> { ["session_id"] = "nobody" }, cancellationToken: cancellation);
            Assert.True(error.IsError);
        }
    }
}
