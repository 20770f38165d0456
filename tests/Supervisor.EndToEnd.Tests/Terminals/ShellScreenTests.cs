using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>Simple programs in a real terminal look the same with and without sup.</summary>
public sealed class ShellScreenTests
{
    [Theory]
    [InlineData("r ls -C --color=always /etc/skel /usr/share/doc/bash")]
    [InlineData("r sh -c 'echo out; echo err >&2; printf \"no newline\"'")]
    [InlineData("r sh -c 'exit 7'; echo $?")]
    [InlineData("r sh -c 'kill -TERM $$'; echo $?")]
    [InlineData("r stty -a")]
    [InlineData("stty -echoctl erase ^H intr ^G susp ^U; r stty -a")]
    [InlineData("stty -icanon -echo min 0 time 5; r stty -a; stty sane")]
    [InlineData("stty cols 77 rows 13; r stty size; stty size")]
    [InlineData("r sh -c 'printf \"\\033[31mred\\033[0m \\033[1mbold\\033[0m \\033[7mback\\033[0m\\n\\033[5;10Hplaced\\n\"'")]
    [InlineData("r sh -c 'printf \"\\033[?25l\\033[?1h\\033=\\033[4h\"'; echo modes")]
    [InlineData("r sh -c 'printf \"\\033]2;a title\\007\"'")]
    [InlineData("r seq 1 500")]
    [InlineData("r sh -c 'for fd in 0 1 2; do [ -t $fd ] && echo $fd is a terminal; done; tty | tr -d 0-9'")]
    [InlineData("r sh -c '[ -t 0 ] || echo 0; [ -t 1 ] && echo 1; [ -t 2 ] || echo 2' </dev/null 2>/dev/null")]
    [InlineData("printf 'b\\na\\nc\\n' | r sort | head -n 2")]
    [InlineData("r echo one | r cat; r true && r echo two | cat | r cat")]
    [InlineData("r echo first | r sh -c 'cat; stty size </dev/tty'")]
    [InlineData("r sh -c 'echo to the tty >/dev/tty; echo out' >out; cat out")]
    [InlineData("r sh -c 'ls /nonexistent; echo fine' 2>err.log; cat err.log")]
    [InlineData("x=$(r sh -c 'echo caught; echo seen >&2'); echo got $x")]
    public void It_looks_the_same(string line) => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter(line);
            pass.SnapPrompt("after", 2);
            pass.Terminal.Enter("echo still fine; stty -a");
            pass.SnapPrompt("later", 3);
        });

    [Fact]
    public void A_make_with_its_errors_in_a_file_looks_the_same_and_leaves_the_same_file()
    {
        Needs.Programs("make");
        SameScreens.Compare(
            w => w.Write("Makefile", "all:\n\t@echo building\n\t@echo warning >&2\n\t@[ ! -t 2 ] && [ -t 1 ] && echo as expected\n\tfalse\n"),
            pass =>
            {
                pass.Terminal.Enter("r make 2>err.log; echo $?; cat err.log");
                pass.SnapPrompt("built", 2);
            });
    }

    [Fact]
    public void A_fixed_size_is_used_and_not_changed_by_a_resize()
    {
        using Workspace workspace = new();
        using RealTerminal terminal = new(workspace);
        Assert.Equal("33 44", terminal.Answer("sup run --quiet --size 44x33 stty size"));
        terminal.Enter("sup run --quiet --size 44x33 sh -c 'echo ready; read line; stty size'");
        terminal.WaitForLine("ready");
        terminal.Resize(90, 20);
        terminal.Press("Enter");
        terminal.WaitForLine("33 44");
    }

    [Fact]
    public void With_pty_never_a_command_in_a_terminal_has_pipes()
    {
        using Workspace workspace = new();
        workspace.Write("streams.sh", "[ -t 0 ] && echo 0; [ -t 1 ] || echo no 1; [ -t 2 ] || echo no 2\n");
        using RealTerminal terminal = new(workspace);
        Assert.Equal("0\nno 1\nno 2", terminal.Answer("sup run --quiet --pty never sh streams.sh"));
    }

    [Fact]
    public void What_a_command_does_to_its_terminal_settings_does_not_outlive_it()
    {
        using Workspace workspace = new();
        using RealTerminal terminal = new(workspace);
        string before = terminal.Answer("stty -g");
        terminal.Command("sup run --quiet sh -c 'stty raw -echo'");
        Assert.Equal(before, terminal.Answer("stty -g"));
    }

    [Theory]
    [InlineData("KILL", "137")]
    [InlineData("SEGV", "139")]
    [InlineData("TERM", "143")]
    [InlineData("HUP", "129")]
    public void A_death_by_a_signal_is_the_status_a_shell_gives_it(string signal, string status)
    {
        using Workspace workspace = new();
        using RealTerminal terminal = new(workspace);
        Assert.EndsWith(status, terminal.Answer($"sup run --quiet sh -c 'kill -{signal} $$'; echo $?"), StringComparison.Ordinal);
    }

    [Fact]
    public void With_pty_always_a_command_without_a_terminal_has_one_and_sees_the_end_of_stdin()
    {
        using Workspace workspace = new();
        Outcome outcome = workspace.Bash(
            "printf 'line\\n' | sup run --pty always --size 50x20 sh -c 'stty -echo; stty size; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && cat' 2>err; cat err");
        Assert.Contains("20 50", outcome.Text, StringComparison.Ordinal);
        Assert.Contains("line", outcome.Text, StringComparison.Ordinal);
        Assert.Equal(0, outcome.Status);
    }

    [Fact]
    public void With_pty_always_a_long_line_from_a_pipe_is_not_cut()
    {
        using Workspace workspace = new();
        Outcome outcome = workspace.Bash("head -c 20000 /dev/zero | tr '\\0' x | sup run --pty always sh -c 'stty -echo; wc -c'");
        Assert.Contains("20000", outcome.Text, StringComparison.Ordinal);
    }
}
