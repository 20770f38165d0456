using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Tools;

public sealed class WaitOutputTests : McpTest
{
    [Fact]
    public void Output_that_comes_ends_the_wait()
    {
        using LiveSession session = Live();
        int call = Wait(session.Id, "0");
        session.Print("hello\n");
        JsonObject data = Data(call);
        Assert.Equal("output", data["reason"]!.GetValue<string>());
        Assert.False(data["timed_out"]!.GetValue<bool>());
        Assert.Equal("hello\n", StdioServer.PageText(data));
    }

    [Fact]
    public void A_line_ends_the_wait_and_is_told()
    {
        using LiveSession session = Live();
        int text = Wait(session.Id, "0", ("until_text", "ready"));
        int regex = Wait(session.Id, "0", ("until_regex", "on :[0-9]+$"));
        session.Print("starting\n");
        Eventually.True("it is stored", () => Page(session.Id)["end_cursor"]!.GetValue<string>() == "9");
        Assert.False(Server.HasAnswer(text) || Server.HasAnswer(regex));
        session.Print("ready on :80\n");
        foreach ((int call, string reason) in new[] { (text, "text"), (regex, "regex") })
        {
            JsonObject data = Data(call);
            Assert.Equal(reason, data["reason"]!.GetValue<string>());
            Assert.Equal("ready on :80", data["line"]!.GetValue<string>());
            Assert.Equal("9", data["line_cursor"]!.GetValue<string>());
            Assert.Equal("starting\nready on :80\n", StdioServer.PageText(data));
        }
    }

    [Fact]
    public void What_was_so_before_the_call_answers_at_once()
    {
        string id = Ran("echo ready; exit 3");
        Server.Data("sup_list_sessions");
        long start = Stopwatch.GetTimestamp();
        Assert.Equal("output", Data(Wait(id, "0"))["reason"]!.GetValue<string>());
        Assert.Equal("text", Data(Wait(id, "0", ("until_text", "ready")))["reason"]!.GetValue<string>());
        JsonObject exit = Data(Wait(id, "6", ("until_exit", true)));
        Assert.Equal("exit", exit["reason"]!.GetValue<string>());
        Assert.Equal(3, exit["exit_code"]!.GetValue<int>());
        Assert.Equal("ended", Data(Wait(id, "0", ("until_text", "never")))["reason"]!.GetValue<string>());
        Assert.Equal("ended", Data(Wait(id, "0", ("until_idle_ms", 60_000)))["reason"]!.GetValue<string>());
        Assert.Equal("ended", Data(Wait(id, "6"))["reason"]!.GetValue<string>());
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), "at once, not at some timeout");
    }

    [Fact]
    public void The_end_of_the_session_ends_every_wait()
    {
        using LiveSession session = Live();
        int never = Wait(session.Id, "0", ("until_text", "never"));
        int exit = Wait(session.Id, "0", ("until_exit", true));
        session.End();
        Assert.Equal("ended", Data(never)["reason"]!.GetValue<string>());
        JsonObject data = Data(exit);
        Assert.Equal("exit", data["reason"]!.GetValue<string>());
        Assert.True(data["ended"]!.GetValue<bool>());
    }

    [Fact]
    public void Silence_ends_the_wait()
    {
        using LiveSession session = Live();
        session.Print("x\n");
        JsonObject data = Data(Wait(session.Id, "0", ("until_idle_ms", 300)));
        Assert.Equal("idle", data["reason"]!.GetValue<string>());
    }

    [Fact]
    public void A_timeout_is_no_failure_and_is_clamped()
    {
        using LiveSession session = Live();
        JsonObject data = Data(Wait(session.Id, "0", ("timeout_ms", 50)));
        Assert.True(data["timed_out"]!.GetValue<bool>());
        Assert.Equal("timeout", data["reason"]!.GetValue<string>());
        Assert.Equal(50, data["timeout_ms"]!.GetValue<int>());
        int silent = Wait(session.Id, "0", ("timeout_ms", 999_999_999));
        int told = Server.SendCall(
            "sup_wait_output", Arguments(session.Id, "0", [("timeout_ms", 999_999_999)]), new JsonObject { ["progressToken"] = "p1" });
        session.Print("x\n");
        Assert.Equal(50_000, Data(silent)["timeout_ms"]!.GetValue<int>());
        Assert.Equal(60_000, Data(told)["timeout_ms"]!.GetValue<int>());
    }

    [Fact]
    public void A_client_that_asks_for_it_is_told_of_progress()
    {
        using LiveSession session = Live();
        int call = Server.SendCall("sup_wait_output", Arguments(session.Id, "0", []), new JsonObject { ["progressToken"] = "p1" });
        JsonObject progress = Server.Notification("notifications/progress");
        Assert.Equal("p1", progress["progressToken"]!.GetValue<string>());
        session.Print("x\n");
        Data(call);
    }

    [Fact]
    public void A_wait_that_is_given_up_is_over_and_others_go_on()
    {
        using LiveSession session = Live();
        int given = Wait(session.Id, "0", ("until_text", "never"));
        int kept = Wait(session.Id, "0", ("until_text", "now"));
        Server.Notify("notifications/cancelled", new JsonObject { ["requestId"] = given });
        session.Print("now\n");
        Assert.Equal("text", Data(kept)["reason"]!.GetValue<string>());
        Assert.False(Server.HasAnswer(given));
    }

    [Fact]
    public void Fifty_wait_at_once()
    {
        using LiveSession session = Live();
        List<int> calls = [.. Enumerable.Range(0, 50).Select(i => Wait(session.Id, "0", ("until_text", $"line {i}!")))];
        long start = Stopwatch.GetTimestamp();
        Assert.Empty(Server.Data("sup_list_sessions", new JsonObject { ["state"] = "ended" })["sessions"]!.AsArray());
        session.Print(string.Concat(Enumerable.Range(0, 50).Select(i => $"line {i}!\n")));
        foreach (int call in calls)
        {
            Assert.Equal("text", Data(call)["reason"]!.GetValue<string>());
        }

        Assert.True(Stopwatch.GetElapsedTime(start) < Eventually.Deadline);
    }

    [Fact]
    public void All_that_wait_for_one_session_do_so_on_one_thread()
    {
        using LiveSession session = Live();
        List<int> calls = [.. Enumerable.Range(0, 20).Select(_ => Wait(session.Id, "0", ("until_text", "now")))];
        int early = Wait(session.Id, "0", ("until_text", "never"), ("timeout_ms", 1));
        Assert.Equal("timeout", Data(early)["reason"]!.GetValue<string>());
        Eventually.True("they share a thread", () => Server.Threads("wait") == 1);
        session.Print("now\n");
        Assert.All(calls, call => Assert.Equal("text", Data(call)["reason"]!.GetValue<string>()));
        Eventually.True("the thread is gone", () => Server.Threads("wait") == 0);
        Assert.Equal("timeout", Data(Wait(session.Id, "4", ("timeout_ms", 1)))["reason"]!.GetValue<string>());
    }

    [Fact]
    public void Each_gets_the_page_from_its_own_cursor()
    {
        using LiveSession session = Live();
        session.Print("one\ntwo\n");
        Eventually.True("it is stored", () => Page(session.Id)["end_cursor"]!.GetValue<string>() == "8");
        List<(string Cursor, int Call)> calls = [.. new[] { "0", "4", "8", "4", "0" }.Select(c => (c, Wait(session.Id, c, ("until_text", "now"))))];

        // By the end of a wait that was asked for later, they wait.
        Assert.True(Data(Wait(session.Id, "8", ("timeout_ms", 200)))["timed_out"]!.GetValue<bool>());
        session.Print("now\n");
        foreach ((string cursor, int call) in calls)
        {
            JsonObject data = Data(call);
            Assert.Equal(cursor, data["start_cursor"]!.GetValue<string>());
            Assert.Equal("one\ntwo\nnow\n"[int.Parse(cursor, CultureInfo.InvariantCulture)..], StdioServer.PageText(data));
        }
    }

    [Fact]
    public void A_look_through_much_output_holds_up_no_other_wait()
    {
        using LiveSession session = Live();
        session.Print(string.Concat(Enumerable.Repeat("a line of output\n", 100_000)));
        Eventually.True("it is stored", () => Page(session.Id)["end_cursor"]!.GetValue<string>() == "1700000");
        int through = Wait(session.Id, "0", ("until_regex", "^b.*now$"));
        int other = Wait(session.Id, "1700000");
        session.Print("be it now\n");
        Assert.Equal("output", Data(other)["reason"]!.GetValue<string>());
        Assert.Equal("1700000", Data(through)["line_cursor"]!.GetValue<string>());
    }

    private int Wait(string id, string cursor, params (string Name, JsonNode Value)[] more) =>
        Server.SendCall("sup_wait_output", Arguments(id, cursor, more));

    private static JsonObject Arguments(string id, string cursor, (string Name, JsonNode Value)[] more)
    {
        JsonObject arguments = new() { ["session_id"] = id, ["cursor"] = cursor };
        foreach ((string name, JsonNode value) in more)
        {
            arguments[name] = value;
        }

        return arguments;
    }

    private JsonObject Data(int call) => StdioServer.DataOf(Server.Answer(call)["result"]!.AsObject());
}
