using System.Globalization;
using System.Text;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>Where sup's options end and the command begins, and what the options do.</summary>
public sealed class OptionTests : Workspace
{
    /// <summary>Prints its arguments, each in angle brackets on a line of its own.</summary>
    private string Show => Write("show", "#!/bin/sh\nfor word; do printf '<%s>\\n' \"$word\"; done\n", executable: true);

    [Theory]
    [InlineData("i @types/node")]
    [InlineData("-d --name x")]
    [InlineData("--help")]
    [InlineData("-h -? --version")]
    [InlineData("test -- --nocapture")]
    [InlineData("-- --")]
    [InlineData("--session-id x --retention 500ms --quiet")]
    [InlineData("@file @@ --=x -=- -")]
    [InlineData("[suggest] [parse]")]
    [InlineData("--json -e A=1")]
    public void What_follows_the_program_is_its_own(string words)
    {
        string show = Show;
        string expected = string.Concat(words.Split(' ').Select(w => $"<{w}>\n"));
        Assert.Equal(expected, RunSup(["run", show, .. words.Split(' ')]).Text);
        Assert.Equal(expected, RunSup(["run", "--", show, .. words.Split(' ')]).Text);
        Assert.Equal(expected, RunSup(["run", "--quiet", "--label", "a=b", "--", show, .. words.Split(' ')]).Text);
    }

    [Fact]
    public void Empty_words_newlines_quotes_and_bytes_that_are_no_text_arrive()
    {
        string show = Show;
        Assert.Equal(
            "<>\n<a\nb>\n<'\"\\$HOME *>\n<\u00e9\ud83d\ude00>\n",
            RunSup("run", show, "", "a\nb", "'\"\\$HOME *", "\u00e9\ud83d\ude00").Text);
        Outcome outcome = Bash($"sup run {show} $'\\xff\\xfe' $'a\\x80b' ''");
        Assert.Equal("<\u00ff\u00fe>\n<a\u0080b>\n<>\n", Encoding.Latin1.GetString(outcome.Out));
    }

    [Fact]
    public void A_program_called_like_an_option_or_a_response_file_is_run()
    {
        Write("@x", "#!/bin/sh\necho at\n", executable: true);
        Write("-x", "#!/bin/sh\necho dash\n", executable: true);
        Assert.Equal("at\n", Bash("PATH=$PWD:$PATH; sup run @x").Text);
        Assert.Equal("dash\n", Bash("PATH=$PWD:$PATH; sup run -- -x").Text);
        Assert.Equal(2, Bash("PATH=$PWD:$PATH; sup run -x").Status);
        Assert.Equal(127, Bash("sup run -").Status);
    }

    [Fact]
    public void An_options_value_may_stand_after_an_equals_sign()
    {
        Assert.Equal(0, RunSup("run", "--name=web", "--session-id=one", "--label=a=b=c", "--retention=90s", "--size=80x24", "true").Status);
        Assert.Equal("web", (string?)FileOf("meta.json")["name"]);
        Assert.Equal("one", Path.GetFileName(Session));
        Assert.Equal("b=c", (string?)FileOf("meta.json")["labels"]!["a"]);
        Assert.Equal(90, (int?)FileOf("meta.json")["retention_seconds"]);
    }

    [Fact]
    public void Variables_are_added_replaced_and_read_from_files()
    {
        Write("vars", "# a comment\n\nFROM_FILE=file\nBOTH=file\nSPACES=a  b=c\nEMPTY=\n");
        Outcome outcome = Bash(
            "export KEPT=1 REPLACED=old; sup run -e A=1 --env B=2 --env=C=3 -e=D=4 -e REPLACED=new --env-file vars -e BOTH=option -e $'NL=x\\ny' -e E= "
            + "sh -c 'echo \"$KEPT $A $B $C $D $REPLACED $FROM_FILE $BOTH <$SPACES> <${EMPTY-unset}> <${E-unset}> $NL\"'");
        Assert.Equal("1 1 2 3 4 new file option <a  b=c> <> <> x\ny\n", outcome.Text);
    }

    [Fact]
    public void A_variable_that_is_replaced_is_there_once()
    {
        Outcome outcome = Bash("A=old sup run -e A=new -e A=newest -- cat /proc/self/environ");
        Assert.Equal(["A=newest"], outcome.Text.Split('\0').Where(e => e.StartsWith("A=", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_command_runs_in_the_folder_asked_for()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Work, "sub dir")).FullName;
        Write("sub dir/here", "#!/bin/sh\necho found\n", executable: true);
        Assert.Equal(folder + "\n", RunSup("run", "--session-id", "one", "--cwd", "sub dir", "pwd").Text);
        Assert.Equal("found\n", RunSup("run", "--cwd", "sub dir", "./here").Text);
        Assert.Equal(folder, (string?)Json("show", "one")["session"]!["working_directory"]);
    }

    [Fact]
    public void The_id_is_written_to_the_id_file_before_the_command_starts()
    {
        Outcome outcome = RunSup("run", "--id-file", "id", "sh", "-c", "cat id; echo $SUP_SESSION_ID");
        Assert.Equal(2, outcome.Lines.Length);
        Assert.Equal(outcome.Lines[1], outcome.Lines[0]);
        Assert.Equal(Path.GetFileName(Session), outcome.Lines[0]);
        Assert.Matches("^[0-9a-hjkmnp-tv-z]{8}$", outcome.Lines[0]);
    }

    [Fact]
    public void A_name_is_taken_while_its_session_lives_and_free_afterwards()
    {
        using Child first = StartBash("sup run --name web sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("the first runs", () => File.Exists(Path.Combine(Work, "up")));
        string before = string.Join(' ', Sessions);
        Outcome second = RunSup("run", "--name", "web", "touch", "never");
        Assert.Equal(2, second.Status);
        Assert.Contains("web", second.ErrorText, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Work, "never")));
        Assert.Equal(before, string.Join(' ', Sessions));
        Assert.Equal("running", (string?)Json("show", "web")["session"]!["state"]);
        Write("stop", "");
        Assert.Equal(0, first.Wait().Status);
        Assert.Equal(0, RunSup("run", "--name", "web", "true").Status);
        Assert.Equal(2, Sessions.Count);
    }

    [Fact]
    public void Of_ten_runs_of_one_name_at_once_exactly_one_gets_it()
    {
        Outcome outcome = Bash("""
            for i in $(seq 1 10); do
                (sup run --name web sh -c 'echo ran; until [ -e stop ]; do sleep .02; done' 2>/dev/null; echo "status $?" >>statuses) &
            done
            until [ "$(cat statuses 2>/dev/null | wc -l)" = 9 ]; do sleep .02; done; touch stop; wait; sort statuses | uniq -c | tr -s ' '
            """);
        Assert.Equal("ran\n 1 status 0\n 9 status 2\n", outcome.Text);
    }

    [Fact]
    public void The_newest_output_is_kept_within_the_limit()
    {
        Outcome outcome = RunSup("run", "--max-output", "1M", "seq", "1", "1000000");
        byte[] expected = Bash("seq 1 1000000").Out;
        Assert.Equal(expected, outcome.Out);
        string output = Path.Combine(Session, "output.bin");
        Assert.Equal(expected.Length, new FileInfo(output).Length);
        long floor = long.Parse(File.ReadAllText(Path.Combine(Session, "floor")), CultureInfo.InvariantCulture);
        Assert.InRange(expected.Length - floor, 512 * 1024, 2 * 1024 * 1024);
        Assert.True(int.Parse(Bash($"du -k {output} | cut -f1").Text, CultureInfo.InvariantCulture) < 3 * 1024);
        Assert.Equal(expected[(int)floor..], RunSup("logs", Path.GetFileName(Session)).Out);
    }
}
