using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>Bad input exits 2, runs nothing, and neither creates nor changes anything.</summary>
public sealed class BadInputTests : Workspace
{
    public static TheoryData<string> Options => new(
        "--session-id=", "--session-id=.", "--session-id=..", "--session-id=../x", "--session-id=a/b", "--session-id='a b'",
        "--session-id=$'a\\nb'", "--session-id=-a", "--session-id=.a", "--session-id=a..b", "--session-id=caf\u00e9",
        "--session-id=$(printf %065d 0)", "--session-id=/etc", "--session-id=$'\\xff'",
        "--name=", "--name=../x", "--name='a b'", "--name=a/b", "--name=.", "--name=$(printf %065d 0)",
        "--retention=500ms", "--retention=1500ms", "--retention=0", "--retention=-1h", "--retention=abc", "--retention=",
        "--retention=1.5s", "--retention=99999999999999d",
        "--size=0x0", "--size=80", "--size=80x", "--size=x24", "--size=80x24x1", "--size=-1x5", "--size=99999x99999",
        "--env=NOEQ", "--env==v", "-e NOEQ", "-e=", "--env-file=missing", "--env-file=.", "--env-file=bad-vars",
        "--max-output=0", "--max-output=x", "--max-output=-1", "--max-output=",
        "--pty=maybe", "--pty=", "--pty", "--label=x", "--label==v", "--cwd=",
        "--stream", "--no-register", "--receipt", "--receipt=deep", "--receipt-file=x", "--unknown", "-x", "--nam=x", "-q", "--json");

    [Theory]
    [MemberData(nameof(Options))]
    public void It_exits_2_and_leaves_nothing(string option)
    {
        Write("bad-vars", "GOOD=1\nno equals sign\n");
        Outcome outcome = Bash($"sup run {option} touch ran");
        Assert.True(outcome.Status == 2, outcome.ToString());
        AssertSaidOnOneLine(outcome);
        Assert.False(Path.Exists(Path.Combine(Work, "ran")));
        Assert.Equal("(none)", StateListing());
    }

    [Theory]
    [InlineData("sup run --env-file missing true", "sup: cannot read --env-file missing: No such file or directory; name a readable file of NAME=value lines\n")]
    [InlineData("sup run --env-file . true", "sup: cannot read --env-file .: Is a directory; name a readable file of NAME=value lines\n")]
    [InlineData("sup run --id-file no/id true", "sup: cannot write --id-file no/id: No such file or directory; name a file that can be written\n")]
    [InlineData("sup events --filter ''", "sup: --filter is empty; give a pattern of types, such as session.e*\n")]
    public void Why_is_said_in_the_systems_words(string line, string said)
    {
        Outcome outcome = Bash(line);
        Assert.Equal((2, said), (outcome.Status, outcome.ErrorText));
        Assert.Equal("(none)", StateListing());
    }

    [Theory]
    [InlineData("show $L")]
    [InlineData("logs $L")]
    [InlineData("rm $L")]
    [InlineData("run --name $L true")]
    [InlineData("run --session-id $L true")]
    [InlineData("run --$L true")]
    [InlineData("run --env-file $L true")]
    [InlineData("run --id-file $L true")]
    [InlineData("ls --state $L")]
    [InlineData("ls --$L")]
    [InlineData("ls --limit $L")]
    [InlineData("wait x --regex \"$L(\"")]
    [InlineData("wait x --timeout s$L")]
    [InlineData("history --since s$L")]
    [InlineData("history --limit s$L")]
    [InlineData("$L")]
    public void A_very_long_word_is_not_repeated_whole(string words)
    {
        Outcome outcome = Bash($"L=$(printf %05000d 0); sup {words}");
        Assert.InRange(outcome.Status, 2, 3);
        Assert.InRange(outcome.ErrorText.Length, 10, 400);
        Assert.Contains("0…", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sup run")]
    [InlineData("sup run --")]
    [InlineData("sup run --quiet")]
    [InlineData("sup run --quiet --")]
    [InlineData("sup run --name")]
    [InlineData("sup run --session-id")]
    [InlineData("sup run --env")]
    [InlineData("sup run --cwd")]
    [InlineData("sup run --retention")]
    [InlineData("sup nosuchcommand")]
    [InlineData("sup ls --nosuch")]
    [InlineData("sup ls extra")]
    [InlineData("sup show")]
    [InlineData("sup logs")]
    [InlineData("sup logs x -n -1")]
    [InlineData("sup logs x -n many")]
    [InlineData("sup --nosuch")]
    public void A_command_line_that_is_not_complete_or_not_known_exits_2(string line)
    {
        Outcome outcome = Bash(line);
        Assert.True(outcome.Status == 2, outcome.ToString());
        AssertSaidOnOneLine(outcome);
        Assert.Equal("(none)", StateListing());
    }

    [Theory]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions/taken")]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions/taken/some; echo x >$SUP_STATE_DIR/sessions/taken/some/file")]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions; echo x >$SUP_STATE_DIR/sessions/taken")]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions elsewhere; ln -s $PWD/elsewhere $SUP_STATE_DIR/sessions/taken")]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions; ln -s /nonexistent/folder $SUP_STATE_DIR/sessions/taken")]
    [InlineData("mkdir -p $SUP_STATE_DIR/sessions; mkfifo $SUP_STATE_DIR/sessions/taken")]
    [InlineData("sup run --session-id taken true")]
    public void An_id_that_is_taken_by_whatever_exits_2_and_touches_nothing(string prepare)
    {
        Bash("umask 077; " + prepare);
        string before = StateListing();
        Outcome outcome = RunSup("run", "--session-id", "taken", "touch", "ran");
        Assert.True(outcome.Status == 2, outcome.ToString());
        AssertSaidOnOneLine(outcome);
        Assert.Contains("taken", outcome.ErrorText, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(Work, "ran")));
        Assert.Equal(before, StateListing());
        string elsewhere = Path.Combine(Work, "elsewhere");
        Assert.Empty(Directory.Exists(elsewhere) ? Directory.GetFileSystemEntries(elsewhere) : []);
    }

    [Fact]
    public void A_command_that_there_is_not_is_named()
    {
        Outcome outcome = RunSup("bogus");
        Assert.Equal((2, "sup: there is no command bogus; sup --help lists them\n"), (outcome.Status, outcome.ErrorText));
    }

    [Fact]
    public void An_error_never_repeats_a_value_that_may_be_secret()
    {
        Outcome outcome = RunSup("run", "--env", "hunter2", "true");
        Assert.Equal(2, outcome.Status);
        Assert.DoesNotContain("hunter2", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--help")]
    [InlineData("--help")]
    [InlineData("ls", "--help")]
    [InlineData("--version")]
    public void Help_and_version_go_to_stdout_and_exit_0(params string[] words)
    {
        Outcome outcome = RunSup(words);
        Assert.Equal(0, outcome.Status);
        Assert.NotEmpty(outcome.Out);
        Assert.Empty(outcome.Error);
        Assert.Equal("(none)", StateListing());
    }

    private static void AssertSaidOnOneLine(Outcome outcome)
    {
        Assert.Empty(outcome.Out);
        Assert.StartsWith("sup: ", outcome.ErrorText, StringComparison.Ordinal);
        Assert.DoesNotContain(outcome.ErrorText.TrimEnd('\n'), char.IsControl);
    }
}
