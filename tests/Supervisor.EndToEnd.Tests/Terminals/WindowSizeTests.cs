using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>The size of the window, whenever it changes.</summary>
public sealed class WindowSizeTests
{
    [Fact]
    public void A_change_between_sups_start_and_the_commands_is_the_size_the_command_starts_with()
    {
        Needs.Programs("mkfifo");
        using Workspace workspace = new();
        workspace.Write("size.sh", "trap 'echo told' WINCH; stty size; echo ready; until [ -e stop ]; do sleep .02; done\n");
        using RealTerminal terminal = new(workspace, 91, 27);
        terminal.Command("mkfifo variables");

        // sup has made the terminal when it reads this file, and waits for the other end.
        terminal.Enter("clear; sup run --quiet --env-file variables sh size.sh");
        using Child writer = workspace.StartBash("exec 9>variables; touch reads; until [ -e go ]; do sleep .02; done");
        Eventually.True("sup reads the file", () => File.Exists(Path.Combine(workspace.Work, "reads")));
        terminal.Resize(66, 22);
        workspace.Write("go", "");
        writer.Wait();
        terminal.WaitForLine("ready");
        workspace.Write("stop", "");
        Screen screen = terminal.WaitUntil("it has ended", s => s.LastLine.StartsWith("[3]", StringComparison.Ordinal));
        Assert.True(screen.HasLine("22 66") && !screen.HasLine("27 91") && !screen.HasLine("told"), screen.ToString());
    }

    [Fact]
    public void A_storm_during_the_start_ends_in_the_right_size()
    {
        using Workspace workspace = new();
        workspace.Write("size.sh", "until [ \"$(stty size)\" = \"$(cat want)\" ]; do sleep .02; done; echo right\n");
        using RealTerminal terminal = new(workspace, 90, 30);
        workspace.Write("want", "");
        for (int round = 1; round <= 4; round++)
        {
            terminal.Enter("clear; sup run --quiet sh size.sh");
            for (int i = 0; i < 5 * round; i++)
            {
                terminal.Resize(60 + i, 15 + round);
            }

            string last = string.Create(CultureInfo.InvariantCulture, $"{15 + round} {59 + (5 * round)}");
            workspace.Write("want", last);
            terminal.WaitForPrompt(round + 1);
            Assert.True(terminal.Look().HasLine("right"), terminal.Look().ToString());
        }
    }

    /// <summary>Stopped, a job hears nothing of the window; it finds the new size when it goes on.</summary>
    [Fact]
    public void A_stopped_command_is_not_told_of_a_change_and_finds_it_when_it_goes_on() => SameScreens.Compare(
        w => w.Write("size.sh", "trap 'echo told' WINCH; stty size; kill -STOP $$; stty size; until [ -e go ]; do sleep .02; done; stty size\n"),
        pass =>
        {
            pass.Terminal.Enter("r sh size.sh");
            pass.SnapPrompt("stopped", 2);
            pass.Terminal.Resize(70, 24);
            pass.Terminal.Enter("fg");
            pass.Snap("goes on", s => s.HasLine("24 70"));
            pass.Terminal.Resize(75, 23);
            pass.Snap("is told now", s => s.HasLine("told"));
            pass.Workspace.Write("go", "");
            pass.SnapPrompt("ended", 3);
        });
}
