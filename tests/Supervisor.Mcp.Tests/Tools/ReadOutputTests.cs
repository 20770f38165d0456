using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Tools;

public sealed class ReadOutputTests : McpTest
{
    [Fact]
    public void Pages_from_the_beginning_give_every_byte_once()
    {
        string id = Ran("for i in $(seq 2000); do echo line $i of the output; done; printf 'no newline'");
        byte[] printed = File.ReadAllBytes(Path.Combine(State, "sessions", id, "output.bin"));
        StringBuilder read = new();
        string cursor = "0";
        JsonObject page;
        do
        {
            page = Page(id, cursor, maxBytes: 1000);
            Assert.Equal(cursor, page["start_cursor"]!.GetValue<string>());
            string text = StdioServer.PageText(page);
            Assert.True(text.Length <= 1000);
            Assert.Equal(
                long.Parse(page["next_cursor"]!.GetValue<string>(), CultureInfo.InvariantCulture),
                long.Parse(cursor, CultureInfo.InvariantCulture) + text.Length);
            read.Append(text);
            cursor = page["next_cursor"]!.GetValue<string>();
        }
        while (!page["eof"]!.GetValue<bool>());
        Assert.True(page["ended"]!.GetValue<bool>());
        Assert.Equal(Encoding.UTF8.GetString(printed), read.ToString());
    }

    [Fact]
    public void Raw_pages_are_the_bytes_themselves()
    {
        string id = Ran("head -c 60000 /dev/urandom");
        byte[] printed = File.ReadAllBytes(Path.Combine(State, "sessions", id, "output.bin"));
        using StdioServer server = StdioServer.Ready(this, "--no-mask");
        List<byte> read = [];
        JsonObject page;
        string cursor = "0";
        do
        {
            page = server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["cursor"] = cursor, ["format"] = "raw", ["max_bytes"] = 1_000_000 });
            foreach (JsonNode? chunk in page["chunks"]!.AsArray())
            {
                byte[] bytes = Convert.FromBase64String(chunk!["data_base64"]!.GetValue<string>());
                Assert.InRange(bytes.Length, 1, 24576);
                read.AddRange(bytes);
            }

            cursor = page["next_cursor"]!.GetValue<string>();
        }
        while (!page["eof"]!.GetValue<bool>());
        Assert.Equal(printed, read);
    }

    [Fact]
    public void Without_a_cursor_the_last_lines_come()
    {
        string id = Ran("seq 500");
        JsonObject page = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id });
        Assert.Equal(string.Concat(Enumerable.Range(401, 100).Select(i => $"{i}\n")), StdioServer.PageText(page));
        JsonObject three = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["tail_lines"] = 3 });
        Assert.Equal("498\n499\n500\n", StdioServer.PageText(three));
        JsonObject none = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["tail_lines"] = 0 });
        Assert.Empty(none["chunks"]!.AsArray());
        Assert.Equal(none["end_cursor"]!.GetValue<string>(), none["next_cursor"]!.GetValue<string>());
    }

    [Fact]
    public void Of_the_last_lines_those_come_that_fit()
    {
        string id = Ran("seq 500");
        JsonObject page = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["max_bytes"] = 10 });
        Assert.Equal("499\n500\n", StdioServer.PageText(page));
        Assert.True(page["eof"]!.GetValue<bool>());
    }

    [Fact]
    public void A_fast_command_reads_the_same_as_a_slow_one()
    {
        string fast = Ran("echo done");
        using LiveSession slow = Live();
        slow.Print("done\n");
        Eventually.True("it is stored", () => StdioServer.PageText(Page(slow.Id)).Length > 0);
        Assert.False(Page(slow.Id)["ended"]!.GetValue<bool>());
        slow.End();
        JsonObject a = Page(fast);
        JsonObject b = Page(slow.Id);
        Assert.True(b["ended"]!.GetValue<bool>());
        foreach (string name in new[] { "state", "start_cursor", "next_cursor", "end_cursor", "eof", "ended", "gaps" })
        {
            Assert.Equal(a[name]!.ToJsonString(), b[name]!.ToJsonString());
        }

        Assert.Equal(StdioServer.PageText(a), StdioServer.PageText(b));
    }

    [Fact]
    public void A_character_that_is_not_whole_yet_waits_for_the_next_page()
    {
        using LiveSession session = Live();
        session.Print("gr");
        byte[] smile = Encoding.UTF8.GetBytes("😀");
        session.PrintBytes([.. "ü"u8, .. smile[..2]]);
        Eventually.True("it is stored", () => Page(session.Id)["end_cursor"]!.GetValue<string>() == "6");
        JsonObject first = Page(session.Id);
        Assert.Equal("grü", StdioServer.PageText(first));
        Assert.Equal("4", first["next_cursor"]!.GetValue<string>());
        Assert.True(first["eof"]!.GetValue<bool>());
        session.PrintBytes(smile.AsSpan(2));
        Eventually.True("the rest is stored", () => Page(session.Id, "4")["end_cursor"]!.GetValue<string>() == "8");
        Assert.Equal("😀", StdioServer.PageText(Page(session.Id, "4")));
    }

    [Fact]
    public void A_long_line_is_cut_and_its_rest_can_be_read()
    {
        string id = Ran("head -c 10000 /dev/zero | tr '\\0' x; echo; echo next");
        JsonObject page = Page(id);
        string text = StdioServer.PageText(page);
        Assert.Equal(new string('x', 4000) + "\nnext\n", text);
        JsonObject cut = Assert.Single(page["cut_lines"]!.AsArray())!.AsObject();
        Assert.Equal("4000", cut["rest_cursor"]!.GetValue<string>());
        Assert.Equal("10001", cut["end_cursor"]!.GetValue<string>());
        Assert.StartsWith(new string('x', 4000), StdioServer.PageText(Page(id, "4000")), StringComparison.Ordinal);
        string whole = StdioServer.TextOf(Server.Call("sup_read_output", new JsonObject { ["session_id"] = id, ["cursor"] = "0" }));
        Assert.Contains("the rest is bytes 4000 to 10001", whole, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_has_no_escapes_and_shows_what_hides()
    {
        string id = Ran("printf '\\033[31mred\\033[0m \\033]0;title\\007 \\342\\200\\256rtl \\001 10%%\\r20%%\\n'");
        string text = StdioServer.PageText(Page(id));
        Assert.DoesNotContain('\x1b', text);
        Assert.DoesNotContain('\u202e', text);
        Assert.DoesNotContain('\x01', text);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_freed_is_said()
    {
        string id = Ran("seq 200000", "--max-output", "64K");
        JsonObject page = Page(id);
        long floor = long.Parse(page["floor"]!.GetValue<string>(), CultureInfo.InvariantCulture);
        Assert.True(floor > 0);
        JsonObject gap = page["gaps"]!.AsArray()[0]!.AsObject();
        Assert.Equal("0", gap["cursor"]!.GetValue<string>());
        Assert.Equal(floor, gap["bytes"]!.GetValue<long>());
        Assert.Equal("freed", gap["reason"]!.GetValue<string>());
        Assert.Equal(page["floor"]!.GetValue<string>(), page["start_cursor"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("text")]
    [InlineData("raw")]
    public void Pages_of_channels_that_alternate_stay_small(string format)
    {
        // Only what comes at different times is kept in its order over both channels.
        string id = Ran("for i in $(seq 250); do echo o$i; sleep 0.003; echo e$i >&2; sleep 0.003; done");
        (string output, string error, int all) = ("", "", 0);
        string cursor = "0";
        while (true)
        {
            JsonObject answer = Server.Request("tools/call", new JsonObject
            {
                ["name"] = "sup_read_output",
                ["arguments"] = new JsonObject { ["session_id"] = id, ["cursor"] = cursor, ["format"] = format, ["max_bytes"] = 65536 },
            });
            Assert.InRange(answer.ToJsonString().Length, 1, 48 * 1024);
            JsonObject page = StdioServer.DataOf(answer["result"]!.AsObject());
            JsonArray chunks = page["chunks"]!.AsArray();
            Assert.InRange(chunks.Count, 1, 100);
            all += chunks.Count;
            foreach (JsonNode? chunk in chunks)
            {
                string text = format == "text" ? chunk!["text"]!.GetValue<string>()
                    : Encoding.UTF8.GetString(Convert.FromBase64String(chunk!["data_base64"]!.GetValue<string>()));
                bool isOutput = chunk["channel"]!.GetValue<string>() == "stdout";
                (output, error) = (output + (isOutput ? text : ""), error + (isOutput ? "" : text));
            }

            cursor = page["next_cursor"]!.GetValue<string>();
            if (page["eof"]!.GetValue<bool>())
            {
                break;
            }
        }

        Assert.True(all > 100, $"it has only {all} chunks");
        Assert.Equal(string.Concat(Enumerable.Range(1, 250).Select(i => $"o{i}\n")), output);
        Assert.Equal(string.Concat(Enumerable.Range(1, 250).Select(i => $"e{i}\n")), error);
        JsonObject end = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["tail_lines"] = 400, ["format"] = format });
        Assert.InRange(end["chunks"]!.AsArray().Count, 2, 100);
        Assert.True(format == "raw" || end["eof"]!.GetValue<bool>());
    }

    [Fact]
    public void What_was_lost_is_said()
    {
        Needs.Root();
        Needs.Programs("unshare", "mount");
        Directory.CreateDirectory(State);
        Write("script.sh", "sup run --session-id one seq 200000 >/dev/null 2>&1; sup mcp <requests");
        Write("requests", """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
            {"jsonrpc":"2.0","method":"notifications/initialized"}
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"sup_read_output","arguments":{"session_id":"one"}}}

            """);
        Outcome outcome = Bash("unshare -m bash -c 'mount -t tmpfs -o mode=700,size=400k none \"$SUP_STATE_DIR\" || exit 99; . ./script.sh'");
        JsonObject result = outcome.Lines.Select(l => JsonNode.Parse(l)!.AsObject()).Single(a => a["id"]!.GetValue<int>() == 2)["result"]!.AsObject();
        JsonObject gap = Assert.Single(StdioServer.DataOf(result)["gaps"]!.AsArray())!.AsObject();
        Assert.InRange(gap["bytes"]!.GetValue<long>(), 100_000, 1_300_000);
        Assert.Contains("No space left", gap["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(" bytes missing at ", StdioServer.TextOf(result), StringComparison.Ordinal);
    }

    [Fact]
    public void Channels_are_told_apart()
    {
        string id = Ran("echo out; echo err >&2");
        JsonArray chunks = Page(id)["chunks"]!.AsArray();
        Assert.Equal("out\n", Assert.Single(chunks, c => c!["channel"]!.GetValue<string>() == "stdout")!["text"]!.GetValue<string>());
        Assert.Equal("err\n", Assert.Single(chunks, c => c!["channel"]!.GetValue<string>() == "stderr")!["text"]!.GetValue<string>());
    }
}
