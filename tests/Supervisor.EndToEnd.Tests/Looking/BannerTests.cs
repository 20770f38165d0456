using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>The lines before and after a command: for a person at a terminal, never in a pipe or a transcript.</summary>
public sealed class BannerTests : Workspace
{
    [Fact]
    public void In_a_terminal_it_says_what_runs_and_how_it_ended()
    {
        Write("job.sh", "echo working\nexit 3\n");
        using RealTerminal terminal = new(this, columns: 200);
        string text = terminal.Command("sup run --name web --session-id one sh job.sh; echo status $?").Text;
        foreach (string part in new[] { "one", "web", "job.sh", "streaming no", "exit code 3", "output.bin", "status 3" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        string hash = ((string)FileOf("meta.json")["script_hash"]!)["sha256:".Length..][..8];
        Assert.Contains(hash, text, StringComparison.Ordinal);
        Assert.Equal("working\r\n"u8.ToArray(), Transcript);
    }

    [Theory]
    [InlineData("printf unfinished", "unfinished")]
    [InlineData("printf \"\\033[31munfinished\\033[0m\"", "unfinished")]
    [InlineData("echo done", "done")]
    [InlineData("printf \"\\033[?1049hscreen\\033[?1049l\"", null)]
    [InlineData("true", null)]
    public void Its_last_line_stands_alone(string script, string? last)
    {
        using RealTerminal terminal = new(this, columns: 200);
        string[] lines = [.. terminal.Command($"clear; sup run sh -c '{script}'").Lines];
        int end = Array.FindIndex(lines, l => l.StartsWith("sup: exit code 0", StringComparison.Ordinal));
        Assert.True(end > 0, string.Join('\n', lines));
        if (last is null)
        {
            Assert.StartsWith("sup: ", lines[end - 1], StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(last, lines[end - 1]);
        }
    }

    [Theory]
    [InlineData("sup run --quiet sh -c 'echo x'")]
    [InlineData("SUP_QUIET=1 sup run sh -c 'echo x'")]
    [InlineData("sup run sh -c 'echo x' </dev/null")]
    [InlineData("sup run sh -c 'echo x' 2>err; cat err")]
    [InlineData("sup run sh -c 'echo x' | cat")]
    [InlineData("sup run sh -c 'echo x' >out; cat out")]
    [InlineData("echo | sup run sh -c 'echo x'")]
    public void It_is_silent_when_asked_or_when_anything_is_redirected(string line)
    {
        using RealTerminal terminal = new(this);
        Assert.Equal("x", terminal.Answer(line));
    }
}
