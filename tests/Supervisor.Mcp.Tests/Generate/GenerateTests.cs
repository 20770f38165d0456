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
