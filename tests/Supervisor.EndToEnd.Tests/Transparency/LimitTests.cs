using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>Limits so low that a runtime cannot start: sup says so plainly. Where it can, the command runs.</summary>
public sealed class LimitTests : Workspace
{
    [Theory]
    [InlineData("-n 16", "-Hn")]
    [InlineData("-n 40", "-Hn")]
    [InlineData("-n 63", "-Hn")]
    [InlineData("-v 300000", "-v")]
    [InlineData("-v 450000", "-v")]
    public void Below_what_sup_needs_one_line_says_which_limit(string limit, string named) => AssertRefused(
        Bash($"ulimit {limit}; exec sup run -- echo ran"), named);

    [Theory]
    [InlineData("-n 64")]
    [InlineData("-Sn 16")]
    [InlineData("-v 1000000")]
    public void With_just_enough_the_command_runs(string limit)
    {
        Outcome outcome = Same($"ulimit {limit}; RUN echo ran");
        Assert.Equal("ran\n", outcome.Text);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(15)]
    public void So_it_does_for_processes(int limit)
    {
        Needs.SomeoneElse();
        AssertRefused(AsNobody($"ulimit -u {limit}; exec sup run -- echo ran"), "-u");
    }

    [Fact]
    public void With_enough_processes_the_command_runs()
    {
        Needs.SomeoneElse();
        Outcome outcome = AsNobody("ulimit -u 40; exec sup run -- echo ran");
        Assert.Equal("ran\n", outcome.Text);
        Assert.Equal(0, outcome.Status);
    }

    private static void AssertRefused(Outcome outcome, string named)
    {
        Assert.True(outcome.Status == 125, outcome.ToString());
        Assert.Equal("", outcome.Text);
        string line = Assert.Single(outcome.ErrorText.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("sup: cannot start: ", line, StringComparison.Ordinal);
        Assert.Contains($"(ulimit {named})", line, StringComparison.Ordinal);
    }

    private Outcome AsNobody(string script)
    {
        // A user number that nothing else runs as: what counts is the number of its processes.
        Write("limited.sh", "export SUP_STATE_DIR=/nonexistent/state\n" + script + "\n");
        Bash("chmod 755 .. .");
        return Bash("exec setpriv --reuid 64123 --clear-groups bash ./limited.sh");
    }
}
