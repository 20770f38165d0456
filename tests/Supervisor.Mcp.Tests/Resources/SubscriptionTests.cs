using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Resources;

public sealed class SubscriptionTests : McpTest
{
    private const string Updated = "notifications/resources/updated";

    [Fact]
    public void Resources_tell_what_the_tools_tell()
    {
        string id = Ran("seq 10000");
        JsonObject list = Json(Read("sup://sessions"));
        Assert.Equal(id, Assert.Single(list["sessions"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Equal(id, Json(Read($"sup://sessions/{id}"))["session"]!["id"]!.GetValue<string>());
        string output = Read($"sup://sessions/{id}/output");
        Assert.InRange(output.Length, 16_000, 17_000);
        Assert.Contains("\n10000\n", output, StringComparison.Ordinal);
        using LiveSession live = Live();
        string listed = Server.Result("resources/list").ToJsonString();
        Assert.Contains($"sup://sessions/{live.Id}/output", listed, StringComparison.Ordinal);
        Assert.Equal(2, Server.Result("resources/templates/list")["resourceTemplates"]!.AsArray().Count);
    }

    [Fact]
    public void Who_subscribes_is_told_of_output_of_the_end_and_of_new_sessions()
    {
        using LiveSession session = Live();
        string output = $"sup://sessions/{session.Id}/output";
        Server.Result("resources/subscribe", new JsonObject { ["uri"] = output });
        Server.Result("resources/subscribe", new JsonObject { ["uri"] = "sup://sessions" });
        session.Print("hello\n");
        Server.Notification(Updated, p => p["uri"]!.GetValue<string>() == output);
        Ran("true");
        Server.Notification(Updated, p => p["uri"]!.GetValue<string>() == "sup://sessions");
        session.End();
        Server.Notification(Updated, p => p["uri"]!.GetValue<string>() == output);
        Server.Result("resources/unsubscribe", new JsonObject { ["uri"] = output });
        Server.Result("resources/unsubscribe", new JsonObject { ["uri"] = "sup://sessions" });
    }

    [Fact]
    public void A_listener_of_the_newest_revision_is_told_with_the_id_of_its_request()
    {
        using LiveSession session = Live();
        using StdioServer server = new(this);
        string uri = $"sup://sessions/{session.Id}/output";
        int listen = Listen(server, [uri]);
        JsonObject granted = server.Notification("notifications/subscriptions/acknowledged");
        Assert.Equal(uri, granted["notifications"]!["resourceSubscriptions"]![0]!.GetValue<string>());
        Assert.Null(granted["notifications"]!["toolsListChanged"]);
        session.Print("hello\n");
        JsonObject updated = server.Notification(Updated);
        Assert.Equal(uri, updated["uri"]!.GetValue<string>());
        Assert.Equal(listen, updated["_meta"]!["io.modelcontextprotocol/subscriptionId"]!.GetValue<int>());
        server.CloseInput();
        Assert.Equal(0, server.WaitForExit(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Notifications_of_much_output_are_few()
    {
        using LiveSession session = Live();
        Server.Result("resources/subscribe", new JsonObject { ["uri"] = $"sup://sessions/{session.Id}/output" });
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; Server.Notifications(Updated) < 4; i++)
        {
            session.Print($"line {i}\n");
            Thread.Sleep(5);
        }

        // Four of them: three pauses.
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds, 740, Eventually.Deadline.TotalMilliseconds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void There_are_at_most_64_subscriptions(bool newest)
    {
        string[] uris = [.. Enumerable.Range(0, 5).Select(_ => Ran("true"))
            .SelectMany(id => Enumerable.Range(6, id.Length - 5).SelectMany(n => new[] { $"sup://sessions/{id[..n]}", $"sup://sessions/{id[..n]}/output" }))
            .Take(65)];
        Assert.Equal(65, uris.Length);
        using StdioServer server = newest ? new StdioServer(this) : StdioServer.Ready(this);
        if (newest)
        {
            Listen(server, uris[..60]);
            server.Notification("notifications/subscriptions/acknowledged");
            Refused(server.Answer(Listen(server, uris[60..])));
            Listen(server, uris[60..64]);
            server.Notification("notifications/subscriptions/acknowledged");
            Refused(server.Answer(Listen(server, uris[64..])));
            return;
        }

        foreach (string uri in uris[..64])
        {
            server.Result("resources/subscribe", new JsonObject { ["uri"] = uri });
        }

        Refused(server.Request("resources/subscribe", new JsonObject { ["uri"] = uris[64] }));
        server.Result("resources/subscribe", new JsonObject { ["uri"] = uris[0] });
        server.Result("resources/unsubscribe", new JsonObject { ["uri"] = uris[0] });
        server.Result("resources/subscribe", new JsonObject { ["uri"] = uris[64] });
    }

    [Fact]
    public void Prompts_name_the_session_and_the_tools()
    {
        string[] names = [.. Server.Result("prompts/list")["prompts"]!.AsArray().Select(p => p!["name"]!.GetValue<string>())];
        Assert.Equal(["whats_running", "why_failed", "wait_until_ready"], names);
        foreach (string name in names)
        {
            JsonObject prompt = Server.Result("prompts/get", new JsonObject
            {
                ["name"] = name,
                ["arguments"] = new JsonObject { ["session_id"] = "web", ["text"] = "listening \"on\"" },
            });
            string text = prompt["messages"]![0]!["content"]!["text"]!.GetValue<string>();
            Assert.Contains("sup_", text, StringComparison.Ordinal);
            Assert.Contains("data", text, StringComparison.Ordinal);
        }
    }

    private static int Listen(StdioServer server, string[] uris) => server.Send("subscriptions/listen", new JsonObject
    {
        ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. uris.Select(u => (JsonNode)u)]), ["toolsListChanged"] = true },
        ["_meta"] = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
            ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
        },
    });

    private static void Refused(JsonObject answer) =>
        Assert.Contains("[limit_reached]", answer["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);

    private string Read(string uri) =>
        Server.Result("resources/read", new JsonObject { ["uri"] = uri })["contents"]![0]!["text"]!.GetValue<string>();

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
