using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Faults;

/// <summary>A disk that answers late or with errors, by strace's faults on what is written to the transcript.</summary>
public sealed class SlowDiskTests : Workspace
{
    /// <summary>More than is kept in memory for a disk that is slow.</summary>
    private const int Numbers = 3_000_000;

    private static readonly string Command = string.Create(CultureInfo.InvariantCulture, $"seq 1 {Numbers}; echo err >&2; exit 3");

    private const string UntilTheGapIsTold = "until grep -q gap \"$SUP_STATE_DIR/sessions/one/events.jsonl\"; do sleep .05; done; ";

    /// <param name="fault">What strace is to do to each write to output.bin.</param>
    private Outcome WithFault(string fault, string options, string command)
    {
        Needs.Programs("strace");
        string output = Path.Combine(State, "sessions/one/output.bin");
        Outcome outcome = Bash($"strace -f -qqq -o trace -P '{output}' -e trace=write,pwrite64,writev,pwritev -e inject=write,pwrite64,writev,pwritev:{fault} "
            + $"sup run {options} --session-id one -- sh -c '{command}'");

        // It says when it was not done with a delay by the end.
        string[] lines = outcome.ErrorText.Split('\n');
        return outcome with { Error = Encoding.UTF8.GetBytes(string.Join('\n', lines.Where(l => !l.StartsWith("strace: ", StringComparison.Ordinal)))) };
    }

    [Theory]
    [InlineData("--pty never")]
    [InlineData("--pty always")]
    public void A_disk_that_takes_four_seconds_for_a_write_holds_the_command_for_two_at_most(string pty)
    {
        long start = Stopwatch.GetTimestamp();
        Outcome outcome = WithFault("delay_enter=4000000", pty, Command);

        // Two seconds for room in the queue, two at the end: not four for each write.
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(40));
        AssertUntouched(outcome, pty);
        Assert.Contains("too slow", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--pty never")]
    [InlineData("--pty always")]
    public void A_disk_that_was_slow_once_leaves_a_gap_that_says_how_much_is_missing(string pty)
    {
        Outcome outcome = WithFault("delay_enter=6000000:when=1", pty, Command.Replace("exit", UntilTheGapIsTold + "exit", StringComparison.Ordinal));
        AssertUntouched(outcome, pty);
        JsonNode gap = LinesOf("events.jsonl").Single(e => (string?)e["type"] is "gap");
        Assert.Contains("slow", (string)gap["reason"]!, StringComparison.Ordinal);
        Assert.Equal(outcome.Out.Length + (IsPty(pty) ? 0 : "err\n".Length), Transcript.Length + (long)gap["bytes"]!);
        Assert.Equal(3, (int?)FileOf("final.json")["exit_code"]);
    }

    [Fact]
    public void A_disk_with_errors_costs_the_transcript_and_nothing_else()
    {
        Outcome outcome = WithFault("error=EIO", "--pty never", Command);
        AssertUntouched(outcome, "--pty never");
        Assert.Contains("nput/output", outcome.ErrorText, StringComparison.Ordinal);
    }

    private static bool IsPty(string option) => option.EndsWith("always", StringComparison.Ordinal);

    private static void AssertUntouched(Outcome outcome, string pty)
    {
        string expected = string.Concat(Enumerable.Range(1, Numbers).Select(i => i.ToString(CultureInfo.InvariantCulture) + "\n"));
        bool isPty = IsPty(pty);
        Assert.True(string.Equals(isPty ? expected + "err\n" : expected, outcome.Text.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal), "output lost");
        Assert.Equal(3, outcome.Status);
        string warning = isPty ? outcome.ErrorText : outcome.ErrorText["err\n".Length..];
        Assert.StartsWith("sup: ", warning, StringComparison.Ordinal);
        Assert.Single(warning.TrimEnd('\n').Split('\n'));
    }
}
