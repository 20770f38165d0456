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
    public void A_line_that_is_no_message_is_answered_and_costs_nothing_else(string line, int code)
    {
        int call = Server.SendCall("sup_list_sessions");
        Server.SendLine(line);
        Assert.Equal(code, Server.AnswerTo("null")["error"]!["code"]!.GetValue<int>());
        Server.Answer(call);
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
    public void When_its_input_ends_the_server_goes_whatever_is_open()
    {
        using LiveSession session = Live();
        using StdioServer server = StdioServer.Ready(this);
        for (int i = 0; i < 10; i++)
        {
            server.SendCall("sup_wait_output", new JsonObject { ["session_id"] = session.Id, ["cursor"] = "0", ["timeout_ms"] = 60_000 });
        }

        server.Result("resources/subscribe", new JsonObject { ["uri"] = "sup://sessions" });
        server.Result("resources/subscribe", new JsonObject { ["uri"] = $"sup://sessions/{session.Id}/output" });
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        server.CloseInput();
        Assert.Equal(0, server.WaitForExit(Soon));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Soon);
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

    private long PrivateKilobytes() => File.ReadLines($"/proc/{Server.Pid}/smaps_rollup")
        .Where(l => l.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture));
}
