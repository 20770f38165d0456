using System.Text;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Protocol;

public sealed class ConnectionTests : McpTest
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("{\"jsonrpc\":", -32700)]
    [InlineData("hello", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("7", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"ping\"}", -32600)]
    public void A_line_that_is_no_message_is_answered_and_costs_nothing_else(string line, int code)
    {
        int call = Server.SendCall("sup_list_sessions");
        Server.SendLine(line);
        Assert.Equal(code, Server.AnswerTo("null")["error"]!["code"]!.GetValue<int>());
        Server.Answer(call);
        Server.Data("sup_list_sessions");
    }

    [Theory]
    [InlineData("{\"id\":900,\"method\":\"ping\"}")]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":900,\"method\":\"ping\"}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":7}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"method\":\"\\udc00\",\"id\":900}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":900}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":\"tools/call\",\"params\":{\"name\":\"sup_get_session\",\"arguments\":{\"session_id\":\"\\ud800\"}}}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":\"tools/call\",\"params\":{\"name\":\"sup_list_sessions\",\"arguments\":{\"a\\udc00\":1}}}")]
    public void A_message_that_is_none_of_the_protocols_is_answered_to_its_id(string line)
    {
        Server.SendLine(line);
        Assert.Equal(-32600, Server.AnswerTo("900")["error"]!["code"]!.GetValue<int>());
        Server.Data("sup_list_sessions");
    }

    [Fact]
    public void Empty_lines_are_nothing()
    {
        Server.SendLine("");
        Server.SendLine("  \r");
        Server.Data("sup_list_sessions");
    }

    [Fact]
    public void A_line_of_100_MB_is_refused_and_takes_no_memory()
    {
        Server.Data("sup_list_sessions");
        long before = PrivateKilobytes();
        byte[] piece = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
        Server.SendBytes("{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\""u8);
        for (int i = 0; i < 100; i++)
        {
            Server.SendBytes(piece);
        }

        Server.SendBytes("\"}\n"u8);
        Assert.Equal(-32600, Server.AnswerTo("null")["error"]!["code"]!.GetValue<int>());
        Server.Data("sup_list_sessions");
        Assert.True(PrivateKilobytes() - before < 30_000, $"{before} to {PrivateKilobytes()} kB");
    }

    [Fact]
    public void When_its_input_ends_the_server_is_gone_within_a_second_whatever_is_open()
    {
        string searched = Ran("yes | head -c 60000000");
        using LiveSession session = Live();
        using StdioServer server = StdioServer.Ready(this);
        List<int> waits = [.. Enumerable.Range(0, 10).Select(_ => server.SendCall("sup_wait_output", Never(session.Id), Progress()))];
        server.Result("resources/subscribe", new JsonObject { ["uri"] = "sup://sessions" });
        server.Result("resources/subscribe", new JsonObject { ["uri"] = $"sup://sessions/{session.Id}/output" });
        for (int i = 0; i < 8; i++)
        {
            server.SendCall("sup_search_output", new JsonObject { ["session_id"] = searched, ["regex"] = "^[^y]+$|q{3}|y{3}" });
        }

        Eventually.True("it searches", () => server.Threads("search") > 1);
        AssertGoneWithinASecond(server);

        // On a slow machine some are not answered in that time.
        foreach (int wait in waits.Where(server.HasAnswer))
        {
            Assert.Equal("cancelled", StdioServer.DataOf(server.Answer(wait)["result"]!.AsObject())["reason"]!.GetValue<string>());
        }
    }

    [Fact]
    public void Notifications_that_go_on_and_calls_that_were_given_up_do_not_keep_it()
    {
        using LiveSession session = Live();
        using StdioServer server = StdioServer.Ready(this);
        int given = server.SendCall("sup_wait_output", Never(session.Id));
        server.Notify("notifications/cancelled", new JsonObject { ["requestId"] = given });
        server.Result("resources/subscribe", new JsonObject { ["uri"] = $"sup://sessions/{session.Id}/output" });
        using CancellationTokenSource enough = new();
        Thread printer = new(() =>
        {
            while (!enough.Token.WaitHandle.WaitOne(20))
            {
                session.Print("x\n");
            }
        });
        printer.Start();
        try
        {
            server.Notification("notifications/resources/updated");
            AssertGoneWithinASecond(server);
        }
        finally
        {
            enough.Cancel();
            printer.Join();
        }
    }

    [Fact]
    public void A_search_that_the_end_of_the_input_cuts_short_does_not_fail()
    {
        string id = Ran("yes | head -c 60000000");
        using StdioServer server = StdioServer.Ready(this);
        int call = server.SendCall("sup_search_output", new JsonObject { ["session_id"] = id, ["regex"] = "^[^y]+$|q{3}|y{3}" });
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        server.CloseInput();
        Assert.Equal(0, server.WaitForExit(Soon));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Soon);

        // What it found by then, or on a slow machine nothing.
        if (server.HasAnswer(call))
        {
            Assert.Empty(StdioServer.DataOf(server.Answer(call)["result"]!.AsObject())["matches"]!.AsArray());
        }
    }

    [Fact]
    public void What_was_asked_before_the_end_of_the_input_is_answered()
    {
        Outcome outcome = Child.Run(new Launch(Path.Combine(Bin, "sup"), ["mcp"])
        {
            Environment = Variables,
            Folder = Work,
            Input = Encoding.UTF8.GetBytes(
                """
                {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
                {"jsonrpc":"2.0","method":"notifications/initialized"}
                {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"sup_list_sessions","arguments":{}}}
                """),
        });
        Assert.Equal(0, outcome.Status);
        Assert.Equal([1, 2], outcome.Lines.Select(l => JsonNode.Parse(l)!["id"]!.GetValue<int>()).Order());
    }

    [Fact]
    public void With_no_more_than_clients_leave_of_the_environment_it_finds_the_sessions_of_the_shell()
    {
        Variables.Remove("SUP_STATE_DIR");
        string id = Ran("echo hello");
        string[] kept = ["HOME", "PATH", "TERM"];
        Dictionary<string, string> stripped = Variables.Where(v => kept.Contains(v.Key)).ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);
        (stripped["SHELL"], stripped["USER"], stripped["LOGNAME"]) = ("/bin/sh", "someone", "someone");
        using StdioServer server = new(this, stripped, "/", ["mcp"]);
        server.Initialize();
        Assert.Equal(id, Assert.Single(server.Data("sup_list_sessions")["sessions"]!.AsArray())!["id"]!.GetValue<string>());
    }

    private static void AssertGoneWithinASecond(StdioServer server)
    {
        int pid = server.Pid;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        server.CloseInput();
        Assert.Equal(0, server.WaitForExit(Soon));
        TimeSpan took = System.Diagnostics.Stopwatch.GetElapsedTime(start);
        Assert.True(took < TimeSpan.FromSeconds(1), $"it took {took.TotalMilliseconds} ms");
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    private static JsonObject Never(string id) =>
        new() { ["session_id"] = id, ["cursor"] = "0", ["until_text"] = "never", ["timeout_ms"] = 60_000 };

    private static JsonObject Progress() => new() { ["progressToken"] = "p" };

    private long PrivateKilobytes() => File.ReadLines($"/proc/{Server.Pid}/smaps_rollup")
        .Where(l => l.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture));
}
