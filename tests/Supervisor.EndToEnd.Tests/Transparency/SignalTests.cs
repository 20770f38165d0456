using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>Signals between sup, its caller and its command, without a terminal.</summary>
public sealed class SignalTests : Workspace
{
    /// <summary>Counts what it gets, into the file "got"; ends when there is a file "stop".</summary>
    private const string Counter = """
        perl -e '$| = 1; for my $s (qw(TERM INT HUP QUIT USR1 USR2)) { $SIG{$s} = sub { $n{$s}++; open my $f, ">>", "got"; print $f "$s\n"; close $f } }
            open my $f, ">", "ready"; close $f; select undef, undef, undef, 0.02 until -e "stop"; print join(" ", map { "$_=$n{$_}" } sort keys %n), "\n"'
        """;

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    [InlineData("USR1")]
    [InlineData("USR2")]
    public void A_signal_to_sup_reaches_the_command_once(string signal)
    {
        File.WriteAllText(Path.Combine(Work, "counter.sh"), "exec " + Counter);
        using Child child = StartBash("exec sup run -- sh ./counter.sh");
        WaitForFile("ready");
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {child.Pid}"));
        Eventually.True("the command got it", () => File.Exists(Path.Combine(Work, "got")));
        File.WriteAllText(Path.Combine(Work, "stop"), "");
        Outcome outcome = child.Wait();
        Assert.Equal($"{signal}=1\n", outcome.Text);
        Assert.Equal(0, outcome.Status);
    }

    [Fact]
    public void A_signal_that_came_before_the_command_started_reaches_it_too()
    {
        // Sent at once: the launcher, the runtime or sup may be the one that has it; never is it lost, and never is the
        // command left running without its sup.
        for (int i = 0; i < 5; i++)
        {
            Outcome outcome = Bash("""
                perl -e 'my $pid = fork; if (!$pid) { exec qw(sup run -- sleep 300) } select undef, undef, undef, $ARGV[0]; kill "TERM", $pid; waitpid $pid, 0; print $? & 127, "\n"'
                """ + string.Create(CultureInfo.InvariantCulture, $" {i * 0.03}"));
            Assert.Equal("15\n", outcome.Text);
        }
    }

    [Fact]
    public void A_command_that_signals_its_parent_does_not_get_it_back()
    {
        Outcome outcome = RunSup(
            "run", "perl", "-e", "$SIG{USR1} = sub { $n++ }; kill 'USR1', getppid; select undef, undef, undef, 0.3; print 0 + $n, \"\\n\"");
        Assert.Equal("0\n", outcome.Text);
        Assert.Equal(0, outcome.Status);
    }

    [Fact]
    public void The_signal_is_for_the_command_alone_not_for_what_shares_its_group()
    {
        // The group is the caller's: a bystander in it must not be hit.
        Outcome outcome = Bash("""
            sleep 300 & other=$!
            sup run -- sh -c 'touch ready; exec sleep 300' & sup=$!
            until [ -e ready ]; do sleep .02; done
            kill -TERM $sup; wait $sup; echo $?
            kill -0 $other && echo alive; kill $other
            """);
        Assert.Equal("143\nalive\n", outcome.Text);
    }

    [Theory]
    [InlineData("kill -TERM -$job", "TERM=1")]
    [InlineData("kill -INT -$job", "INT=1")]
    [InlineData("kill -HUP -$job", "HUP=1")]
    [InlineData("kill -TERM -$job; until [ -e got ]; do sleep .02; done; rm got; kill -TERM -$job", "TERM=2")]
    [InlineData("kill -USR1 -$job; until [ -e got ]; do sleep .02; done; rm got; kill -USR1 $sup", "USR1=2")]
    [InlineData("kill -USR1 $sup; until [ -e got ]; do sleep .02; done; rm got; kill -USR1 -$job", "USR1=2")]
    [InlineData("kill -HUP -$job; until [ -e got ]; do sleep .02; done; rm got; kill -TERM -$job", "HUP=1 TERM=1")]
    public void A_signal_to_the_whole_process_group_reaches_the_command_once(string signals, string expected)
    {
        Write("counter.sh", "exec " + Counter);
        Write("sup.sh", "echo $$ >sup; exec sup run -- sh ./counter.sh");
        Outcome outcome = Bash($"""
            trap '' HUP INT TERM; setsid env --default-signal=HUP,INT,TERM sh ./sup.sh >out & job=$!
            until [ -e ready ]; do sleep .02; done; sup=$(cat sup)
            until pgrep -g $job -x cat >/dev/null; do sleep .02; done
            {signals}; until [ -e got ]; do sleep .02; done; sleep .2; touch stop; wait $job; cat out
            """);
        Assert.Equal(expected + "\n", outcome.Text);
    }

    [Fact]
    public void What_watches_the_group_costs_little_and_goes_with_the_run()
    {
        Outcome outcome = Bash("""
            setsid sup run -- sleep 300 & job=$!
            until canary=$(pgrep -g $job -x cat); do sleep .02; done
            grep -h '^Private' /proc/$canary/smaps_rollup; ls -l /proc/$canary/fd | grep -c ' 0 ->\| 1 ->\| 2 ->'; ls /proc/$canary/fd | wc -l
            kill -KILL $job; while [ -e /proc/$canary ]; do sleep .02; done; pkill -g $job sleep
            """);
        int dirty = outcome.Lines.Where(l => l.StartsWith("Private_Dirty", StringComparison.Ordinal))
            .Sum(l => int.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
        Assert.InRange(dirty, 1, 400);
        Assert.Equal(["3", "3"], outcome.Lines[^2..]);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void A_signal_ends_a_running_command_and_sup_dies_of_it_too(string signal)
    {
        Outcome outcome = Bash($$"""
            perl -e 'my $pid = fork; if (!$pid) { exec qw(sup run --id-file id -- sh -c), "touch ready; exec sleep 300" }
                select undef, undef, undef, 0.02 until -e "ready"; kill "{{signal}}", $pid; waitpid $pid, 0; print $? & 127, " ", $? >> 8, "\n"'
            """);
        Assert.Equal((signal is "TERM" ? 15 : 2) + " 0\n", outcome.Text);
        Assert.Equal("SIG" + signal, (string?)FileOf("final.json")["signal"]);
        Assert.Equal("signaled", (string?)FileOf("final.json")["state"]);
    }

    [Fact]
    public void A_stopped_and_continued_command_goes_on()
    {
        Outcome outcome = Bash("""
            sup run -- sh -c 'echo $$ >pid; kill -STOP $$; echo went on' & job=$!
            until [ -s pid ] && grep -q '^State:.T' /proc/$(cat pid)/status; do sleep .02; done
            kill -CONT $(cat pid); wait $job; echo $?
            """);
        Assert.Equal("went on\n0\n", outcome.Text);
    }

    [Fact]
    public void What_a_command_printed_is_recorded_also_when_its_reader_never_reads_it_and_a_signal_ends_the_waiting()
    {
        Outcome outcome = Bash("""
            mkfifo p; sleep 300 <p & reader=$!
            sup run --session-id one -- sh -c 'head -c 150000 /dev/zero; touch printed' >p & sup=$!
            until [ -e printed ]; do sleep .02; done
            until ! pgrep -P $sup >/dev/null; do sleep .02; done
            kill -TERM $sup; wait $sup; echo $?; kill $reader
            """);
        Assert.Equal("143\n", outcome.Text);
        Assert.Equal(150_000, Transcript.Length);
        Assert.Equal(0, (int?)FileOf("final.json")["exit_code"]);
    }

    private void WaitForFile(string name) =>
        Eventually.True($"the file {name} is there", () => File.Exists(Path.Combine(Work, name)));
}
