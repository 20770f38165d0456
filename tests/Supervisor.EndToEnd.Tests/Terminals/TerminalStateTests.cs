using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>What a command finds at its terminal when it starts.</summary>
public sealed class TerminalStateTests
{
    [Fact]
    public void The_terminals_descriptors_have_the_flags_they_have_without_sup() => SameScreens.Compare(
        w => w.Write("flags.pl", """
            use Fcntl; for my $f (*STDIN, *STDOUT, *STDERR) { printf "flags %o %o\n", fcntl($f, F_GETFL, 0), fcntl($f, F_GETFD, 0) }
            """),
        pass =>
        {
            pass.Terminal.Enter("r perl flags.pl");
            pass.SnapPrompt("flags", 2);
            Assert.Contains("flags ", pass.Terminal.Look().Text, StringComparison.Ordinal);
        });

    [Fact]
    public void What_is_typed_ahead_is_shown_once_and_reaches_the_command() => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter("echo waiting; until [ -e go ]; do sleep .02; done; r cat; echo status $?");
            pass.Terminal.WaitForLine("waiting");
            pass.Terminal.Enter("one");
            pass.Terminal.Enter("two");
            pass.Terminal.Type("un");
            pass.Terminal.WaitForLine("un");
            pass.Workspace.Write("go", "");
            pass.Snap("read", s => s.Lines.Count(l => string.Equals(l, "two", StringComparison.Ordinal)) == 2);
            pass.Terminal.Type("finished");
            pass.Terminal.Press("Enter");
            pass.Snap("finished", s => s.HasLine("unfinished"));
            pass.Terminal.Press("C-d");
            pass.SnapPrompt("ended", 2);
        });

    [Fact]
    public void An_end_of_file_typed_ahead_is_one() => SameScreens.Compare(
        _ => { },
        pass =>
        {
            pass.Terminal.Enter("echo waiting; until [ -e go ]; do sleep .02; done; r cat; echo status $?");
            pass.Terminal.WaitForLine("waiting");
            pass.Terminal.Enter("one");
            pass.Terminal.Press("C-d");
            pass.Terminal.WaitForLine("one");
            pass.Workspace.Write("go", "");
            pass.SnapPrompt("ended", 2);
            Assert.Contains("status 0", pass.Terminal.Look().Text, StringComparison.Ordinal);
        });
}
