using System.Text.Json.Nodes;
using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Generate;

public sealed class GenerateTests : McpTest
{
    private string SupPath => Path.Combine(Bin, "sup");

    [Theory]
    [InlineData("claude", ".mcp.json", "mcpServers")]
    [InlineData("cursor", ".cursor/mcp.json", "mcpServers")]
    [InlineData("vscode", ".vscode/mcp.json", "servers")]
    public void A_client_gets_a_file_with_absolute_paths_and_the_state_root(string client, string file, string servers)
    {
        Generate("mcp-config", client);
        JsonObject sup = JsonNode.Parse(File.ReadAllText(Path.Combine(Work, file)))![servers]!["sup"]!.AsObject();
        Assert.Equal(SupPath, sup["command"]!.GetValue<string>());
        Assert.Equal(["mcp"], sup["args"]!.AsArray().Select(a => a!.GetValue<string>()));
        Assert.Equal(State, sup["env"]!["SUP_STATE_DIR"]!.GetValue<string>());
    }

    [Fact]
    public void Opencode_gets_its_own_form()
    {
        Generate("mcp-config", "opencode", "--scope", "project");
        JsonObject sup = JsonNode.Parse(File.ReadAllText(Path.Combine(Work, "opencode.json")))!["mcp"]!["sup"]!.AsObject();
        Assert.Equal("local", sup["type"]!.GetValue<string>());
        Assert.Equal([SupPath, "mcp", "--scope", "project"], sup["command"]!.AsArray().Select(a => a!.GetValue<string>()));
        Assert.Equal(State, sup["environment"]!["SUP_STATE_DIR"]!.GetValue<string>());
    }

    [Fact]
    public void What_a_person_wrote_stays()
    {
        const string Before = "{\n  // mine\n  \"mcpServers\": {\n    \"other\": { \"command\": \"x\" }, // kept\n    \"sup\": {\"timeout\": 9, \"command\": \"old\", \"env\": {\"A\": \"b\"}},\n  },\n  \"more\": [1, 2],\n}\n";
        string path = Write(".mcp.json", Before);
        Generate("mcp-config", "claude");
        string after = File.ReadAllText(path);
        foreach (string kept in new[] { "// mine", "// kept", "\"other\": { \"command\": \"x\" }", "\"timeout\": 9", "\"A\": \"b\"", "\"more\": [1, 2]" })
        {
            Assert.Contains(kept, after, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("old", after, StringComparison.Ordinal);
        JsonNode parsed = JsonNode.Parse(after, documentOptions: new() { AllowTrailingCommas = true, CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!;
        Assert.Equal(SupPath, parsed["mcpServers"]!["sup"]!["command"]!.GetValue<string>());
        Generate("mcp-config", "claude");
        Assert.Equal(after, File.ReadAllText(path));
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData("[]")]
    [InlineData("{\"mcpServers\": 7}")]
    [InlineData("{\"mcpServers\": {}, \"mcpServers\": {\"a\": {}}}")]
    [InlineData("// nothing yet\n")]
    public void What_is_not_understood_is_not_touched(string content)
    {
        string path = Write(".mcp.json", content);
        Outcome outcome = RunSup("generate", "mcp-config", "claude");
        Assert.Equal(125, outcome.Status);
        Assert.Contains("was not changed", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Work));
    }

    [Fact]
    public void Codex_gets_its_tables_and_keeps_the_others()
    {
        string path = Path.Combine(Home, ".codex", "config.toml");
        Generate("mcp-config", "codex");
        string first = File.ReadAllText(path);
        Assert.Equal(
            $"[mcp_servers.sup]\ncommand = \"{SupPath}\"\nargs = [\"mcp\"]\n\n[mcp_servers.sup.env]\nSUP_STATE_DIR = \"{State}\"\n", first);
        File.WriteAllText(path, "model = \"x\" # mine\n\n[mcp_servers.sup]\ncommand = \"old\"\nstartup_timeout_sec = 9\n\n[mcp_servers.other]\ncommand = \"y\"\n");
        Generate("mcp-config", "codex");
        string after = File.ReadAllText(path);
        foreach (string kept in new[] { "model = \"x\" # mine", "startup_timeout_sec = 9", "[mcp_servers.other]\ncommand = \"y\"", $"command = \"{SupPath}\"" })
        {
            Assert.Contains(kept, after, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("old", after, StringComparison.Ordinal);
        Generate("mcp-config", "codex");
        Assert.Equal(after, File.ReadAllText(path));
        File.WriteAllText(path, "[mcp_servers]\nsup = { command = \"z\" }\n");
        Assert.Equal(125, RunSup("generate", "mcp-config", "codex").Status);
    }

    [Fact]
    public void Printing_changes_no_file()
    {
        Assert.Equal(0, RunSup("generate", "mcp-config", "claude", "--print").Status);
        Assert.Equal(0, RunSup("generate", "agents-md", "--print").Status);
        Assert.Empty(Directory.GetFileSystemEntries(Work));
        Assert.Equal(2, RunSup("generate", "mcp-config", "emacs").Status);
    }

    [Fact]
    public void What_a_person_starts_the_server_with_stays()
    {
        Generate("mcp-config", "claude", "--scope", "project");
        string path = Path.Combine(Work, ".mcp.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("[\"mcp\", ", "[\"mcp\", \"--no-mask\", ", StringComparison.Ordinal));
        Generate("mcp-config", "claude");
        Assert.Equal(["mcp", "--no-mask", "--scope", "project"], Arguments());
        Generate("mcp-config", "claude", "--scope", "all");
        Assert.Equal(["mcp", "--no-mask", "--scope", "all"], Arguments());
        string opencode = Write("opencode.json", "{\"mcp\":{\"sup\":{\"command\":[\"old\",\"mcp\",\"--name\",\"web*\"]}}}");
        Generate("mcp-config", "opencode");
        Assert.Contains($"[\"{SupPath}\", \"mcp\", \"--name\", \"web*\"]", File.ReadAllText(opencode), StringComparison.Ordinal);

        IEnumerable<string> Arguments() =>
            JsonNode.Parse(File.ReadAllText(path))!["mcpServers"]!["sup"]!["args"]!.AsArray().Select(a => a!.GetValue<string>());
    }

    [Fact]
    public void A_link_stays_one_and_what_it_leads_to_keeps_its_mode()
    {
        string real = Write("real.json", "{\"kept\": 1}\n");
        File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(Path.Combine(Work, ".mcp.json"), "real.json");
        Generate("mcp-config", "claude");
        Assert.Equal("real.json", new FileInfo(Path.Combine(Work, ".mcp.json")).LinkTarget);
        Assert.Contains("\"kept\": 1", File.ReadAllText(real), StringComparison.Ordinal);
        Assert.Contains(SupPath, File.ReadAllText(real), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(real));
        Assert.Equal(2, Directory.GetFileSystemEntries(Work).Length);
    }

    [Fact]
    public void What_is_no_file_of_text_is_refused_and_stays()
    {
        Assert.Equal(0, Bash("mkfifo pipe; mkdir folder; ln -s loop loop; printf '\\377' >bytes").Status);
        foreach ((string file, string why) in new[]
        {
            ("pipe", "it is no regular file"), ("folder", "it is no regular file"), ("loop", "cannot read"), ("bytes", "it is not UTF-8 text"),
            ("bytes/below", "cannot write"),
        })
        {
            Outcome outcome = RunSup("generate", "mcp-config", "claude", "--file", file);
            Assert.Equal(125, outcome.Status);
            Assert.StartsWith("sup: cannot ", outcome.ErrorText, StringComparison.Ordinal);
            Assert.Contains(Path.Combine(Work, file), outcome.ErrorText, StringComparison.Ordinal);
            Assert.Contains(why, outcome.ErrorText, StringComparison.Ordinal);
        }

        Assert.Equal(2, RunSup("generate", "mcp-config", "claude", "--file", "").Status);
        Assert.Equal(0, Bash("test -p pipe && test -d folder && test -L loop && test $(ls | wc -l) = 4").Status);
    }

    [Fact]
    public void A_first_line_of_the_section_without_its_last_takes_nothing_with_it()
    {
        string path = Write("AGENTS.md", "# Mine\n<!-- sup: begin -->\nwritten by me\n");
        Generate("agents-md");
        Generate("agents-md");
        string text = File.ReadAllText(path);
        Assert.StartsWith("# Mine\n<!-- sup: begin -->\nwritten by me\n\n<!-- sup: begin -->\n## ", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("<!-- sup: end -->").Length);
    }

    [Fact]
    public void The_section_for_agents_is_added_once_and_renewed()
    {
        string path = Write("CLAUDE.md", "# Mine\n");
        Generate("agents-md");
        string first = File.ReadAllText(path);
        Assert.StartsWith("# Mine\n\n<!-- sup: begin -->\n", first, StringComparison.Ordinal);
        File.WriteAllText(path, first.Replace("sup ls", "sup something", StringComparison.Ordinal) + "\nthe end\n");
        Generate("agents-md");
        Assert.Equal(first + "\nthe end\n", File.ReadAllText(path));
    }

    [Fact]
    public void The_server_that_was_written_down_starts()
    {
        string id = Ran("echo hello");
        Generate("mcp-config", "claude");
        JsonObject sup = JsonNode.Parse(File.ReadAllText(Path.Combine(Work, ".mcp.json")))!["mcpServers"]!["sup"]!.AsObject();
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/bin:/bin",
            ["HOME"] = "/",
            ["SUP_STATE_DIR"] = sup["env"]!["SUP_STATE_DIR"]!.GetValue<string>(),
        };
        using StdioServer server = new(this, environment, "/", [.. sup["args"]!.AsArray().Select(a => a!.GetValue<string>())]);
        server.Initialize();
        Assert.Equal(id, server.Data("sup_list_sessions")["sessions"]![0]!["id"]!.GetValue<string>());
    }

    private void Generate(params string[] words)
    {
        Outcome outcome = RunSup(["generate", .. words]);
        Assert.True(outcome.Status == 0, outcome.ToString());
        Assert.Empty(outcome.Out);
    }
}
