using System.Text;
using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Safety;

public sealed class MaskingTests : McpTest
{
    private const string Token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";

    [Theory]
    [InlineData("token is " + Token)]
    [InlineData("curl --password=hunter2secret x")]
    [InlineData("postgres://user:hunter2secret@db/x")]
    [InlineData("Authorization: Bearer abcdef0123456789abcdef")]
    [InlineData("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY")]
    [InlineData("key AKIAIOSFODNN7EXAMPLE")]
    [InlineData("sk-proj-abcdefghijklmnop0123456789")]
    [InlineData("xoxb-1234567890-abcdefghij")]
    [InlineData("\"api_key\": \"0123456789abcdef0123\"")]
    [InlineData(@"""-----BEGIN PRIVATE KEY-----\nMIIEhunter2secret\n-----END PRIVATE KEY-----\n""")]
    public void Known_forms_are_covered_and_nothing_moves(string line)
    {
        string id = Ran($"cat <<'EOF'\n{line}\nafter\nEOF");
        string text = StdioServer.PageText(Page(id));
        Assert.Equal($"{line}\nafter\n".Length, text.Length);
        Assert.Contains("****", text, StringComparison.Ordinal);
        foreach (string secret in new[] { "hunter2secret", "qrstuvwxyz0123456789", "9abcdef", "IK7MDENG", "ODNN7EXAMPLE", "ijklmnop0123456789", "abcdefghij\n" })
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        }

        Assert.EndsWith("\nafter\n", text, StringComparison.Ordinal);
        Assert.Contains(line, File.ReadAllText(Path.Combine(State, "sessions", id, "output.bin")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the token was not found")]
    [InlineData("SyntaxError: unexpected token: identifier")]
    [InlineData("password: required")]
    [InlineData("https://example.org:8080/path@v1")]
    [InlineData("ask-for-something-very-long-here")]
    public void Ordinary_words_stay(string line) => Assert.Equal(line + "\n", StdioServer.PageText(Page(Ran($"echo '{line}'"))));

    [Fact]
    public void A_private_key_is_covered()
    {
        string id = Ran("printf -- '-----BEGIN RSA PRIVATE KEY-----\\nMIIEabcdefghijklmnop\\nQRSTUVWXYZ0123456789\\n-----END RSA PRIVATE KEY-----\\n'");
        string text = StdioServer.PageText(Page(id));
        Assert.DoesNotContain("abcdefghijklmnop", text, StringComparison.Ordinal);
        Assert.DoesNotContain("QRSTUVWXYZ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_from_the_middle_of_a_private_key_is_covered_wherever_it_is_shown()
    {
        const string Body = "QRSTUVWXYZ0123456789";
        string id = Ran($"printf -- 'before\\n-----BEGIN PRIVATE KEY-----\\nMIIEabcdefghijklmnop\\n{Body}\\nabcd\\n'");
        foreach (JsonObject result in new[]
        {
            Server.Call("sup_search_output", new JsonObject { ["text"] = "STUV" }),
            Server.Call("sup_search_output", new JsonObject { ["text"] = "abcd", ["context_lines"] = 1 }),
            Server.Call("sup_search_output", new JsonObject { ["text"] = "before", ["context_lines"] = 4 }),
            Server.Call("sup_wait_output", new JsonObject { ["session_id"] = id, ["cursor"] = "0", ["until_text"] = "STUV" }),
            Server.Call("sup_wait_output", new JsonObject { ["session_id"] = id, ["cursor"] = "60", ["until_regex"] = "^[A-Z]+0" }),
            Server.Call("sup_list_sessions"),
            Server.Call("sup_get_session", new JsonObject { ["session_id"] = id }),
            Server.Result("resources/read", new JsonObject { ["uri"] = $"sup://sessions/{id}/output" }),
        })
        {
            string text = result.ToJsonString();
            Assert.Contains("****", text, StringComparison.Ordinal);
            Assert.DoesNotContain("STUV", text, StringComparison.Ordinal);
            Assert.DoesNotContain("abcd", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lines_that_only_look_like_those_of_a_key_stay()
    {
        string id = Ran("printf -- '-----BEGIN PRIVATE KEY----- is how one begins\\nQRSTUVWXYZ0123456789\\nplain words\\nABCDEFGH\\n'");
        string line = Server.Data("sup_search_output", new JsonObject { ["text"] = "EFGH" })["matches"]![0]!["line"]!.GetValue<string>();
        Assert.Equal("ABCDEFGH", line);
        Assert.Contains("plain words\nABCDEFGH\n", StdioServer.PageText(Page(id)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_that_begins_inside_a_secret_does_not_show_the_rest()
    {
        string id = Ran("echo " + Token);
        Assert.DoesNotContain("qrstuvwxyz", StdioServer.PageText(Page(id, "12")), StringComparison.Ordinal);
        JsonObject raw = Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["cursor"] = "12", ["format"] = "raw" });
        string bytes = Encoding.UTF8.GetString(Convert.FromBase64String(raw["chunks"]![0]!["data_base64"]!.GetValue<string>()));
        Assert.DoesNotContain("qrstuvwxyz", bytes, StringComparison.Ordinal);
        Assert.Equal(Token.Length + 1 - 12, bytes.Length);
    }

    [Fact]
    public void Commands_are_covered_wherever_they_are_shown()
    {
        string id = Ran("true", "--name", "secretive");
        RunSup("run", "--session-id", NewId, "--", "true", "--password=hunter2secret", "--token", "hunter3secret", Token);
        foreach (JsonObject result in new[]
        {
            Server.Call("sup_list_sessions"),
            Server.Call("sup_get_session", new JsonObject { ["session_id"] = NewId }),
            Server.Result("resources/read", new JsonObject { ["uri"] = $"sup://sessions/{NewId}" }),
        })
        {
            string text = result.ToJsonString();
            Assert.DoesNotContain("hunter2secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter3secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Token, text, StringComparison.Ordinal);
        }

        Assert.NotEqual(id, NewId);
    }

    [Fact]
    public void Without_masking_all_is_shown()
    {
        string id = Ran("echo " + Token);
        using StdioServer server = StdioServer.Ready(this, "--no-mask");
        Assert.Equal(Token + "\n", StdioServer.PageText(server.Data("sup_read_output", new JsonObject { ["session_id"] = id })));
    }
}
