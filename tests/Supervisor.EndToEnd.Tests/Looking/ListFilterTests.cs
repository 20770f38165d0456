using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>Which sessions <c>sup ls</c> lists.</summary>
public sealed class ListFilterTests : Workspace
{
    [Fact]
    public void By_state_name_label_and_number()
    {
        RunSup("run", "--session-id", "a", "--name", "web-1", "--label", "kind=server", "--label", "x=", "true");
        RunSup("run", "--session-id", "b", "--name", "web-2", "--label", "kind=server", "sh", "-c", "exit 3");
        RunSup("run", "--session-id", "c", "--name", "job", "--label", "kind=a=b", "sh", "-c", "kill -TERM $$");
        RunSup("run", "--session-id", "d", "/nonexistent/program");
        using Child live = StartBash("exec sup run --session-id e --name web-3 sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")) && Ids("--state", "running") is ["e"]);

        Assert.Equal(["e"], Ids());
        Assert.Equal(["e", "d", "c", "b", "a"], Ids("--all"));
        Assert.Equal(["d", "c", "b", "a"], Ids("--state", "ended"));
        Assert.Equal(["b", "a"], Ids("--state", "exited"));
        Assert.Equal(["d", "c"], Ids("--state", "failed", "--state", "signaled"));
        Assert.Equal(["e"], Ids("--state", "live"));
        Assert.Equal(["e", "d"], Ids("--state", "live", "--state", "failed"));
        Assert.Empty(Ids("--state", "lost"));
        Assert.Equal(["e"], Ids("--name", "web-?"));
        Assert.Equal(["e", "b", "a"], Ids("--all", "--name", "web-?"));
        Assert.Equal(["c"], Ids("--all", "--name", "j*"));
        Assert.Empty(Ids("--all", "--name", "web"));
        Assert.Equal(["b", "a"], Ids("--all", "--label", "kind=server"));
        Assert.Equal(["a"], Ids("--all", "--label", "kind=server", "--label", "x="));
        Assert.Equal(["c"], Ids("--all", "--label", "kind=a=b"));
        Assert.Equal(["e", "d"], Ids("--all", "--limit", "2"));
        Assert.Equal(["b"], Ids("--all", "--state", "exited", "--limit", "1"));
        Assert.Equal(["b"], Ids("--all", "--name", "web-*", "--label", "kind=server", "--state", "exited", "--limit", "1"));

        Outcome cut = RunSup("ls", "--all", "--limit", "2");
        Assert.Equal(3, cut.Lines.Length);
        Assert.Contains("3 more", cut.ErrorText, StringComparison.Ordinal);
        Write("stop", "");
        live.Wait();
    }

    [Fact]
    public void Here_is_this_folder_and_what_is_below_it_however_it_was_named()
    {
        foreach (string folder in new[] { "project/src", "project2" })
        {
            Directory.CreateDirectory(Path.Combine(Work, folder));
        }

        Directory.CreateSymbolicLink(Path.Combine(Work, "link"), Path.Combine(Work, "project"));
        Assert.Equal(0, Bash(
            """
            (cd project && sup run --session-id in true)
            (cd project/src && sup run --session-id below true)
            (cd project2 && sup run --session-id beside true)
            (cd link && sup run --session-id through true)
            sup run --session-id linked --cwd link true
            sup run --session-id above true
            """).Status);
        string[] Here(string folder) => [.. IdsOf(JsonNode.Parse(Bash($"cd {folder} && sup ls --all --here --json").Text)!).Order(StringComparer.Ordinal)];
        Assert.Equal(["below", "in", "linked", "through"], Here("project"));
        Assert.Equal(["below", "in", "linked", "through"], Here("link"));
        Assert.Equal(["below"], Here("project/src"));
        Assert.Equal(["beside"], Here("project2"));
        Assert.Equal(6, Here(".").Length);
        Assert.Equal(6, Here("/").Length);
        Outcome gone = Bash("mkdir gone; cd gone; rmdir ../gone; sup ls --here");
        Assert.Equal(125, gone.Status);
        Assert.Contains("gone", gone.ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--state", "dead")]
    [InlineData("--state", "Running")]
    [InlineData("--state", "")]
    [InlineData("--limit", "0")]
    [InlineData("--limit", "-1")]
    [InlineData("--limit", "1.5")]
    [InlineData("--limit", "x\u001b[2J")]
    [InlineData("--label", "x")]
    [InlineData("--label", "=x")]
    public void Another_value_is_2_and_says_what_to_give(string option, string value)
    {
        Outcome outcome = RunSup("ls", option, value);
        Assert.Equal(2, outcome.Status);
        Assert.Empty(outcome.Out);
        Assert.Matches($"^sup: {option} .*; give ", outcome.ErrorText);
        Assert.DoesNotContain('\u001b', outcome.ErrorText);
        Assert.Equal("invalid_argument", (string?)JsonNode.Parse(RunSup("ls", option, value, "--json").ErrorText)!["error"]!["code"]);
    }

    [Fact]
    public void When_nothing_matches_it_says_how_many_there_are()
    {
        Assert.Equal("no sessions\n", RunSup("ls", "--all", "--name", "x").Text);
        RunSup("run", "true");
        RunSup("run", "true");
        Assert.Equal("no live sessions; 2 ended (sup ls --all)\n", RunSup("ls").Text);
        Assert.Equal("no live sessions; 2 ended (sup ls --all)\n", RunSup("ls", "--name", "x").Text);
        Assert.Equal("none of 2 sessions matches\n", RunSup("ls", "--all", "--name", "x").Text);
        Assert.Empty(Json("ls", "--name", "x")["sessions"]!.AsArray());
    }

    [Fact]
    public void Those_that_expired_are_listed_when_asked_for()
    {
        RunSup("run", "--session-id", "gone", "--name", "web", "--label", "a=b", "sh", "-c", "exit 3");
        RunSup("clean", "--yes");
        RunSup("run", "--session-id", "kept", "--name", "web", "true");
        Assert.Equal("gone", (string?)Assert.Single(Json("ls", "--state", "expired")["sessions"]!.AsArray())!["id"]);
        Assert.Contains("exited 3, expired", RunSup("ls", "--state", "expired", "--here", "--label", "a=b", "--name", "w*").Text, StringComparison.Ordinal);
        Assert.Empty(Json("ls", "--state", "expired", "--label", "a=c")["sessions"]!.AsArray());
        Assert.Equal(["kept", "gone"], Json("ls", "--state", "expired", "--state", "exited")["sessions"]!.AsArray().Select(s => (string?)s!["id"]));
        Assert.Equal("kept", (string?)Assert.Single(Json("ls", "--all")["sessions"]!.AsArray())!["id"]);
    }

    private static string[] IdsOf(JsonNode answer) => [.. answer["sessions"]!.AsArray().Select(s => (string)s!["id"]!)];

    private string[] Ids(params string[] options) => IdsOf(Json(["ls", .. options]));
}
