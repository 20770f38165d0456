using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup rename</c></summary>
public sealed class RenameTests : Workspace
{
    [Fact]
    public void A_live_session_gets_the_name_and_lets_the_old_one_go()
    {
        Outcome outcome = Bash(
            """
            mkfifo held
            sup run --name web sh -c 'echo up; read line <held' >/dev/null &
            until [ "$(sup logs web 2>/dev/null)" = up ]; do :; done
            sup rename web api && sup show api >/dev/null && echo renamed
            sup show web 2>/dev/null; echo "old name: $?"
            sup run --name api true; echo "taken: $?"
            sup run --name web true; echo "free: $?"
            sup rename api api; echo "same: $?"
            echo >held
            wait
            sup run --name api true; echo "after its end: $?"
            """);
        Assert.Equal(
            ["renamed", "old name: 3", "taken: 2", "free: 0", "same: 0", "after its end: 0"], outcome.Lines);
    }

    [Fact]
    public void A_name_that_a_live_session_has_is_refused_and_nothing_changes()
    {
        Outcome outcome = Bash(
            """
            mkfifo held
            for n in one two; do sup run --name $n --session-id s$n sh -c 'echo up; cat <held' >/dev/null & done
            until [ "$(sup logs sone 2>/dev/null)$(sup logs stwo 2>/dev/null)" = upup ]; do :; done
            sup rename one two; echo "taken: $?"
            sup show one | head -n 1
            : >held
            wait
            """);
        Assert.Contains("taken: 2", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("sone (one)", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("cannot rename session sone: a live session has the name two; ", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ended_session_gets_the_name_and_keeps_what_else_its_file_says()
    {
        RunSup("run", "--session-id", "one", "true");
        string path = Path.Combine(Session, "meta.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("{", "{\"of_later\":[1],", StringComparison.Ordinal).Replace("\"labels\":{\"of_later\":[1],}", "\"labels\":{}", StringComparison.Ordinal));
        Outcome renamed = RunSup("rename", "one", "web");
        Assert.True(renamed.Status == 0, renamed.ToString());
        Assert.Equal("web", (string?)FileOf("meta.json")["name"]);
        Assert.Equal(1, (int)FileOf("meta.json")["of_later"]![0]!);
        Assert.Equal("one", (string?)Json("show", "web")["session"]!["id"]);
    }

    [Theory]
    [InlineData("none", "web", 3)]
    [InlineData("one", "..", 2)]
    [InlineData("one", "", 2)]
    [InlineData("one", "a/b", 2)]
    [InlineData("../one", "web", 3)]
    public void What_cannot_be_is_refused_and_nothing_changes(string id, string name, int status)
    {
        RunSup("run", "--session-id", "one", "true");
        string before = StateListing();
        Assert.Equal(status, RunSup("rename", id, name).Status);
        Assert.Equal(before, StateListing());
    }

    [Fact]
    public void On_a_file_system_that_cannot_be_written_that_is_said()
    {
        Needs.Root();
        Needs.Programs("unshare", "mount");
        RunSup("run", "--session-id", "one", "true");
        Outcome outcome = Bash("unshare -m sh -c 'mount --bind \"$SUP_STATE_DIR\" \"$SUP_STATE_DIR\" && mount -o remount,ro,bind \"$SUP_STATE_DIR\" || exit 99; sup rename one web'");
        Assert.SkipWhen(outcome.Status == 99, "mounting is not permitted");
        Assert.Equal(125, outcome.Status);
        Assert.StartsWith("sup: cannot rename session one: ", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_owner_is_said_not_to_answer()
    {
        Outcome outcome = Bash(
            """
            mkfifo held
            sup run --session-id one sh -c 'echo up; cat <held' >/dev/null &
            until [ "$(sup logs one 2>/dev/null)" = up ]; do :; done
            kill -STOP $!
            sup rename one web; echo "stopped: $?"
            kill -CONT $!
            sup rename one web; echo "again: $?"
            : >held
            wait
            """);
        Assert.Equal(["stopped: 125", "again: 0"], outcome.Lines);
        Assert.Contains("its owner does not answer", outcome.ErrorText, StringComparison.Ordinal);
    }
}
