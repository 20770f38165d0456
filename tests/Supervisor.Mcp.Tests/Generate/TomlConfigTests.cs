using Supervisor.Mcp.Tests.Support;

namespace Supervisor.Mcp.Tests.Generate;

/// <summary>The configuration that is TOML, in the forms that people write it.</summary>
public sealed class TomlConfigTests : McpTest
{
    private string ConfigPath => Path.Combine(Home, ".codex", "config.toml");

    private string Program => $"\"{Path.Combine(Bin, "sup")}\"";

    private string Environment => $"[mcp_servers.sup.env]\nSUP_STATE_DIR = \"{State}\"\n";

    [Fact]
    public void A_value_is_replaced_where_it_stands_and_what_is_around_it_stays() => AssertEdited(
        "  [ mcp_servers . \"sup\" ] # mine\n  'command' = 'old' # why\nargs = [ # all\n  \"mcp\", # [x]\n  '--no-mask',\n] # done\nx = 1\n[other]\ny = { a = \"]\" }\n",
        $"  [ mcp_servers . \"sup\" ] # mine\n  'command' = {Program} # why\nargs = [ # all\n  \"mcp\", # [x]\n  '--no-mask',\n] # done\nx = 1\n[other]\ny = {{ a = \"]\" }}\n\n{Environment}");

    [Fact]
    public void What_only_looks_like_the_table_is_not_touched() => AssertEdited(
        "text = \"\"\"\n[mcp_servers.sup]\ncommand = \"inside\"\\\"\"\"\"\nmore = '''\n[mcp_servers.sup]'''\nlist = [\n  [\"mcp_servers.sup\"],\n]\n",
        $"text = \"\"\"\n[mcp_servers.sup]\ncommand = \"inside\"\\\"\"\"\"\nmore = '''\n[mcp_servers.sup]'''\nlist = [\n  [\"mcp_servers.sup\"],\n]\n\n[mcp_servers.sup]\ncommand = {Program}\nargs = [\"mcp\"]\n\n{Environment}");

    [Fact]
    public void What_is_missing_is_added_to_the_tables_that_are_there() => AssertEdited(
        "[mcp_servers.sup.env]\nA = 1979-05-27 07:32:00 # then\n[mcp_servers.sup]\r\ncommand = \"old\"",
        $"[mcp_servers.sup.env]\r\nSUP_STATE_DIR = \"{State}\"\nA = 1979-05-27 07:32:00 # then\n[mcp_servers.sup]\r\nargs = [\"mcp\"]\r\ncommand = {Program}");

    [Fact]
    public void Dotted_keys_are_edited_where_all_are_there() => AssertEdited(
        "mcp_servers.sup.command = \"a\"\nmcp_servers.sup.args = []\nmcp_servers.sup.env.SUP_STATE_DIR = \"b\"\n",
        $"mcp_servers.sup.command = {Program}\nmcp_servers.sup.args = [\"mcp\"]\nmcp_servers.sup.env.SUP_STATE_DIR = \"{State}\"\n");

    [Theory]
    [InlineData("mcp_servers.sup.command = \"x\"\n")]
    [InlineData("\"mcp_servers\".sup.command = \"x\"\n")]
    [InlineData("mcp_servers = { sup = { command = \"x\" } }\n")]
    [InlineData("[mcp_servers]\nsup = { command = \"x\" }\n")]
    [InlineData("[mcp_servers]\nsup.command = \"x\"\n")]
    [InlineData("[mcp_servers.sup]\nenv = { A = \"b\" }\n")]
    [InlineData("[[mcp_servers.sup]]\ncommand = \"x\"\n")]
    [InlineData("[mcp_servers.sup]\n[mcp_servers.'sup']\n")]
    [InlineData("this is not toml\n")]
    [InlineData("a = \"\"\"never closed\n")]
    [InlineData("a = [1, 2\n")]
    [InlineData("a = 1 b = 2\n")]
    [InlineData("a =\n")]
    public void What_cannot_be_added_to_is_not_touched(string content)
    {
        Write(content);
        Outcome outcome = RunSup("generate", "mcp-config", "codex");
        Assert.Equal(125, outcome.Status);
        Assert.Contains("was not changed", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(ConfigPath));
    }

    private void AssertEdited(string before, string after)
    {
        Write(before);
        for (int i = 0; i < 2; i++)
        {
            Outcome outcome = RunSup("generate", "mcp-config", "codex");
            Assert.True(outcome.Status == 0, outcome.ToString());
            Assert.Equal(after, File.ReadAllText(ConfigPath));
        }
    }

    private void Write(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ConfigPath)!);
        File.WriteAllText(ConfigPath, content);
    }
}
