using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Terminals;

/// <summary>Programs of the kind that agents are: every mode a terminal has, keys in every form, children in between.</summary>
public sealed class AgentProgramTests
{
    [Fact]
    public void Every_mode_key_and_report_is_as_without_sup()
    {
        Needs.Programs("python3");
        SameScreens.Compare(
            _ => { },
            pass =>
            {
                pass.Terminal.Enter($"r python3 '{Path.Combine(AppContext.BaseDirectory, "Programs", "agent.py")}'; echo $?");

                // The terminal's own answers to the two questions arrive as keys do.
                pass.Snap("opened", s => s.Has("agent 100x30") && s.Has("52") && s.Has("63") && s.Modes.Contains("alternate 1", StringComparison.Ordinal));
                Assert.Contains("mouse 01110", pass.Terminal.Look().Modes, StringComparison.Ordinal);
                Assert.Contains("title agent", pass.Terminal.Look().Modes, StringComparison.Ordinal);
                pass.Terminal.Press("C-c", "C-\\", "C-d", "C-s", "C-q", "C-v", "C-o", "C-_", "C-Space", "Up", "F5", "F12", "M-x", "Enter", "Tab", "BTab", "BSpace", "Escape");
                pass.Snap("keys", s => s.Has("7f 1b"));
                pass.Terminal.Send("\x1b[<0;10;5M\x1b[<32;11;5M\x1b[<0;11;5m\x1b[<64;3;4M");
                pass.Snap("mouse", s => Hex(s).EndsWith("1b5b3c36343b333b344d", StringComparison.Ordinal));
                pass.Terminal.Send("\x1b[99;5u\x1b[13;2u\x1b[27;5;122~\x1b[122;5u\x1b[I\x1b[O");
                pass.Snap("keys as CSI u, and focus", s => Hex(s).EndsWith("1b5b491b5b4f", StringComparison.Ordinal));
                pass.Terminal.Paste("two\nlines\u00e9\U0001F600");
                pass.Snap("a paste", s => Hex(s).EndsWith("f09f98801b5b3230317e", StringComparison.Ordinal));
                pass.Terminal.Resize(72, 21);
                pass.Snap("smaller", s => s.Has("agent 72x21"));
                pass.Terminal.Type("s");
                pass.Snap("streamed", s => s.Has("streamed 500"));
                pass.Terminal.Type("!");
                pass.Snap("a child asks", s => s.LastLine.StartsWith("allow?", StringComparison.Ordinal));
                pass.Terminal.Enter("yes");
                pass.Snap("back again", s => s.Has("agent 72x21"));
                pass.Terminal.Press("C-z");
                pass.SnapPrompt("suspended", 2);
                pass.Terminal.Enter("stty -a; jobs | cut -c1-30");
                pass.SnapPrompt("meanwhile", 3);
                pass.Terminal.Resize(90, 25);
                pass.Terminal.Enter("fg; echo $?");
                pass.Snap("resumed in another size", s => s.Has("agent 90x25") && s.Modes.Contains("alternate 1", StringComparison.Ordinal));
                pass.Terminal.Type("q");
                pass.SnapPrompt("left", 4);
                pass.Terminal.Enter("stty -a");
                pass.SnapPrompt("settings", 5);
            });
    }

    /// <summary>What arrived, as the program shows it, without its line breaks.</summary>
    private static string Hex(Screen screen) => string.Concat(
        screen.Lines.Skip(1).SelectMany(line => line.Split(' ')).Where(word => word.Length == 2 && word.All(char.IsAsciiHexDigitLower)));
}
