using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>A terminal that vanishes: what the command gets to know of it, and who outlives it.</summary>
public sealed class HangUpTests
{
    /// <summary>Writes down which signals came, and what reading and writing the terminal then gave.</summary>
    private const string Witness = """
        $SIG{HUP} = $ARGV[0] eq "ignore" ? "IGNORE" : sub { $hup = 1 }; $| = 1;
        print "ready\n"; my $n; do { $n = sysread STDIN, my $b, 10 } while !defined $n && $!{EINTR}; my $seen = "read " . ($n // "error " . ($! + 0)) . "\n";
        select undef, undef, undef, 0.02 until $hup || $ARGV[0] eq "ignore";
        my $w = syswrite STDOUT, "last words\n"; $seen .= "write " . ($w // "error " . ($! + 0)) . "\n";
        $seen .= open(my $t, "<", "/dev/tty") ? "a terminal\n" : "no terminal " . ($! + 0) . "\n";
        open my $f, ">", "seen.new"; print $f $seen; close $f; rename "seen.new", "seen";
        """;

    [Theory]
    [InlineData("ignore")]
    [InlineData("catch")]
    public void A_command_that_outlives_the_hang_up_finds_its_terminal_gone(string how)
    {
        string[] seen = [.. new[] { "", "sup run --quiet " }.Select(run =>
        {
            using Workspace workspace = new();
            workspace.Write("witness.pl", Witness);
            using (RealTerminal terminal = new(workspace))
            {
                terminal.Enter($"{run}perl witness.pl {how}");
                terminal.WaitForLine("ready");
                terminal.Close();
            }

            string path = Path.Combine(workspace.Work, "seen");
            Eventually.True("the command went on", () => File.Exists(path));
            return File.ReadAllText(path);
        })];
        Assert.Equal(seen[0], seen[1]);
        Assert.Contains("write error 5\nno terminal", seen[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sup run --quiet --session-id s sh work.sh")]
    [InlineData("sup run --quiet --session-id s sh work.sh | cat")]
    [InlineData("sup run --quiet --session-id s sh work.sh &")]
    [InlineData("sup run --quiet --pty never --session-id s sh work.sh")]
    public void A_command_ends_with_its_terminal(string line)
    {
        using Workspace workspace = new();
        workspace.Write("work.sh", "touch up; while :; do sleep .05; done\n");
        using (RealTerminal terminal = new(workspace))
        {
            terminal.Enter(line);
            Eventually.True("it runs", () => File.Exists(Path.Combine(workspace.Work, "up")));
            terminal.Close();
        }

        Eventually.True("the session has ended", () => File.Exists(Path.Combine(workspace.State, "sessions/s/final.json")));
        Assert.Equal("SIGHUP", (string?)workspace.FileOf("final.json")["signal"]);
    }

    [Theory]
    [InlineData("nohup sup run --session-id s sh work.sh >out 2>&1 &")]
    [InlineData("(trap '' HUP; exec sup run --quiet --session-id s sh work.sh) >out 2>&1 &")]
    [InlineData("setsid sup run --session-id s sh work.sh >out 2>&1 &")]
    [InlineData("nohup sup run --session-id s sh work.sh >out 2>&1 </dev/null & disown")]
    public void What_was_to_outlive_the_terminal_does(string line)
    {
        using Workspace workspace = new();
        workspace.Write("work.sh", "touch up; until [ -e go ]; do sleep .02; done; echo finished\n");
        using (RealTerminal terminal = new(workspace))
        {
            terminal.Enter(line);
            Eventually.True("it runs", () => File.Exists(Path.Combine(workspace.Work, "up")));
            terminal.Close();
        }

        Eventually.True("the shell is gone", () => !LiveProcesses.Of(workspace.Folder).Any(p => p.Command.StartsWith("bash", StringComparison.Ordinal)));
        workspace.Write("go", "");
        Eventually.True("the session has ended", () => File.Exists(Path.Combine(workspace.State, "sessions/s/final.json")));
        Assert.Equal(0, (int?)workspace.FileOf("final.json")["exit_code"]);
        Assert.EndsWith("finished\n", File.ReadAllText(Path.Combine(workspace.Work, "out")), StringComparison.Ordinal);
        Assert.Equal("finished\n", System.Text.Encoding.UTF8.GetString(workspace.Transcript));
    }
}
