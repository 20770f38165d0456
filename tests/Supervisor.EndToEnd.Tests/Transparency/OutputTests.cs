using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>Every byte, where it belongs, and into the transcript.</summary>
public sealed class OutputTests : Workspace
{
    [Fact]
    public void Stdout_and_stderr_arrive_where_they_belong()
    {
        Outcome outcome = Same("RUN sh -c 'echo out; echo err >&2; printf %s unfinished'");
        Assert.Equal("out\nunfinished", outcome.Text);
        Assert.Equal("err\n", outcome.ErrorText);
    }

    [Fact]
    public void Binary_bytes_arrive_and_are_stored_unchanged()
    {
        byte[] bytes = new byte[1_000_003];
        new Random(42).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(Work, "random"), bytes);
        Outcome outcome = RunSup("run", "cat", "random");
        Assert.Equal(bytes, outcome.Out);
        Assert.Empty(outcome.Error);
        Assert.Equal(bytes, Transcript);
        Assert.Equal(bytes, RunSup("logs", Path.GetFileName(Session)).Out);
    }

    [Fact]
    public void Every_single_byte_value_passes_through_a_pty_in_raw_mode()
    {
        Outcome outcome = Bash("sup run --pty always -- sh -c 'stty raw -echo; perl -e \"print map chr, 0..255\"' </dev/null");
        Assert.Equal([.. Enumerable.Range(0, 256).Select(i => (byte)i)], outcome.Out);
        Assert.Equal(outcome.Out, Transcript);
    }

    [Fact]
    public void A_gigabyte_on_one_line_passes()
    {
        const string Count = "perl -e 'while (sysread STDIN, $b, 1 << 20) { $all += length $b; $x += $b =~ tr/x// } print \"$all $x\\n\"'";
        Outcome outcome = Bash($"sup run --max-output 16M -- perl -e '$b = \"x\" x (1 << 20); print $b for 1 .. 1024' | {Count}");
        Assert.Equal($"{1L << 30} {1L << 30}\n", outcome.Text);
        Assert.Equal("", outcome.ErrorText);
        Assert.Equal(1L << 30, new FileInfo(Path.Combine(Session, "output.bin")).Length);
    }

    [Fact]
    public void In_a_terminal_a_long_line_passes()
    {
        const string Print = "stty raw -echo; perl -e '$b = \"x\" x (1 << 20); print $b for 1 .. 64'";
        Outcome outcome = new TerminalBytes(this).Bash($"sup run --quiet -- bash -c '{Print.Replace("'", "'\\''", StringComparison.Ordinal)}'");
        Assert.Equal(64 << 20, outcome.Out.Length);
        Assert.DoesNotContain(outcome.Out, b => b != 'x');
        Assert.Equal(outcome.Out.Length, Transcript.Length);
    }

    [Fact]
    public void Where_stdout_and_stderr_are_one_file_the_transcript_keeps_their_order_too()
    {
        const string Lines = "for i in $(seq 1 100); do echo out $i; echo err $i >&2; done";
        Outcome outcome = Bash($"sup run -- sh -c '{Lines}' 2>&1 | cat");
        Assert.Equal(string.Concat(Enumerable.Range(1, 100).Select(i => string.Create(CultureInfo.InvariantCulture, $"out {i}\nerr {i}\n"))), outcome.Text);
        Assert.Equal(outcome.Out, Transcript);
    }

    [Fact]
    public void The_two_streams_of_a_fast_writer_are_complete()
    {
        Outcome outcome = RunSup("run", "sh", "-c", "seq 1 100000 & seq 1 100000 >&2 & wait");
        byte[] expected = Bash("seq 1 100000").Out;
        Assert.Equal(expected, outcome.Out);
        Assert.Equal(expected, outcome.Error);
        Assert.Equal(2 * expected.Length, Transcript.Length);
        long indexed = LinesOf("index.jsonl").Sum(record => record["length"]!.GetValue<long>());
        Assert.Equal(Transcript.Length, indexed);
    }

    [Fact]
    public void A_grandchild_that_keeps_the_output_open_does_not_keep_sup_and_lives_on()
    {
        using Child child = StartBash("sup run -- sh -c 'sleep 300 & echo $!; echo done'; echo status $?");
        Outcome outcome = child.Wait(Eventually.Deadline * 2);
        int pid = int.Parse(outcome.Lines[0], CultureInfo.InvariantCulture);
        Assert.True(LiveProcesses.IsAlive(pid));
        new LiveProcess(pid, "sleep").Kill();
        Assert.Equal(["done", "status 0"], outcome.Lines[1..]);
        Assert.Contains(FileOf("final.json")["survivors"]!.AsArray(), s => s!["pid"]!.GetValue<int>() == pid);
    }

    [Fact]
    public void What_a_grandchild_prints_right_after_the_commands_end_is_still_there() =>
        Assert.Equal("early\nlate\n", RunSup("run", "sh", "-c", "echo early; (sleep 0.2; echo late) &").Text);
}
