using System.Globalization;
using System.Text.RegularExpressions;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>A terminal with a person at it: a tmux server of its own with one window, in which a shell waits for commands.</summary>
internal sealed partial class RealTerminal : IDisposable
{
    private const string Modes =
        "cursor #{cursor_x},#{cursor_y} shown #{cursor_flag} alternate #{alternate_on} insert #{insert_flag} "
        + "keypad #{keypad_flag}#{keypad_cursor_flag} origin #{origin_flag} wrap #{wrap_flag} "
        + "mouse #{mouse_standard_flag}#{mouse_button_flag}#{mouse_any_flag}#{mouse_sgr_flag}#{mouse_utf8_flag} "
        + "region #{scroll_region_upper}-#{scroll_region_lower} size #{pane_width}x#{pane_height} title #{pane_title}";

    private readonly string _socket;
    private readonly Dictionary<string, string> _environment;

    public RealTerminal(Workspace workspace, int columns = 100, int rows = 30)
    {
        Needs.Programs("tmux");
        Workspace = workspace;
        _socket = Path.Combine(workspace.Folder, "t" + Guid.NewGuid().ToString("N")[..6]);
        _environment = new Dictionary<string, string>(workspace.Variables, StringComparer.Ordinal)
        {
            // The number counts the commands: it tells when one has ended.
            ["PS1"] = @"[\#]\$ ",
            ["HISTFILE"] = "",
            ["BASH_SILENCE_DEPRECATION_WARNING"] = "1",
        };
        string config = Path.Combine(workspace.Folder, "tmux.conf");
        File.WriteAllText(config, "set -g default-terminal tmux-256color\nset -g status off\nset -sg escape-time 0\nset -g history-limit 5000\nset -g allow-rename on\n");
        Outcome started = Child.Run(new Launch(
            "env",
            ["--default-signal=PIPE,INT,QUIT", "tmux", "-S", _socket, "-f", config, "new-session", "-d", "-x", Text(columns), "-y", Text(rows), "-c", workspace.Work,
                "bash", "--norc", "--noprofile"])
        {
            Environment = _environment,
            Folder = workspace.Work,
        });
        Assert.True(started.Status == 0, started.ToString());
        try
        {
            WaitForPrompt(1);
        }
        catch
        {
            Close();
            throw;
        }
    }

    public Workspace Workspace { get; }

    /// <summary>Types text, as it is.</summary>
    public void Type(string text) => Tmux("send-keys", "-l", "--", text);

    /// <summary>Presses keys by tmux's names: Enter, C-c, Up.</summary>
    public void Press(params string[] keys) => Tmux(["send-keys", .. keys]);

    /// <summary>Sends bytes, each the code of a character up to 255, as if the terminal had made them of a key or the mouse.</summary>
    public void Send(string bytes) =>
        Tmux(["send-keys", "-H", .. bytes.Select(b => ((int)b).ToString("x2", CultureInfo.InvariantCulture))]);

    /// <summary>Pastes text, bracketed if the program asked for that.</summary>
    public void Paste(string text)
    {
        Tmux("set-buffer", "--", text);
        Tmux("paste-buffer", "-p");
    }

    /// <summary>Types a command and Enter, without waiting for anything.</summary>
    public void Enter(string line)
    {
        Type(line);
        Press("Enter");
    }

    /// <summary>Has the shell run a command, and returns the screen when the prompt is back.</summary>
    public Screen Command(string line)
    {
        int number = PromptNumber();
        Enter(line);
        return WaitForPrompt(number + 1);
    }

    /// <summary>What the command prints, on lines of its own.</summary>
    public string Answer(string line)
    {
        Command("clear");
        return string.Join('\n', Command(line).Lines.Skip(1).Where(l => l.Length > 0 && !Prompt().IsMatch(l)));
    }

    public void Resize(int columns, int rows) => Tmux("resize-window", "-x", Text(columns), "-y", Text(rows));

    public Screen Look()
    {
        string text = Tmux("capture-pane", "-p", "-e", ";", "display-message", "-p", Modes).Text.TrimEnd('\n');
        int last = text.LastIndexOf('\n');
        return new Screen(BackgroundJob().Replace(text[..(last + 1)], "${job} PID"), text[(last + 1)..]);
    }

    /// <summary>Everything the terminal showed so far, what scrolled away included.</summary>
    public string History() => Tmux("capture-pane", "-p", "-J", "-S", "-").Text;

    public Screen WaitFor(string text) => WaitUntil($"the screen shows \"{text}\"", s => s.Has(text));

    public Screen WaitForLine(string line) => WaitUntil($"a line is \"{line}\"", s => s.HasLine(line));

    public Screen WaitUntil(string what, Func<Screen, bool> condition)
    {
        Screen? last = null;
        return Eventually.Get(
            what,
            () =>
            {
                last = Look();
                return condition(last) ? last : null;
            },
            () => "it shows: " + last);
    }

    /// <summary>The screen once it fulfils the condition and does not change any more.</summary>
    public Screen WaitUntilSettled(string what, Func<Screen, bool> condition)
    {
        const int LooksAlike = 8;
        Screen? last = null;
        int alike = 0;
        return WaitUntil(what + " and no longer changes", screen =>
        {
            alike = screen == last && condition(screen) ? alike + 1 : 0;
            last = screen;
            return alike >= LooksAlike;
        });
    }

    /// <summary>Waits for the prompt of the command with this number, or of any later one.</summary>
    public Screen WaitForPrompt(int number) => WaitUntil(
        string.Create(CultureInfo.InvariantCulture, $"the prompt [{number}] comes"), s => NumberOf(s) >= number);

    public int PromptNumber() => NumberOf(WaitUntil("a prompt is there", s => NumberOf(s) > 0));

    /// <summary>The settings of the terminal, as stty tells them from outside it.</summary>
    public string Settings()
    {
        string device = Tmux("display-message", "-p", "#{pane_tty}").Text.Trim();
        return Child.Run(new Launch("stty", ["-F", device, "-a"])).Text;
    }

    /// <summary>Waits until sup reads the keys.</summary>
    public void WaitUntilRaw() =>
        Eventually.True("the terminal is raw", () => Settings().Contains("-icanon", StringComparison.Ordinal), Settings);

    /// <summary>Waits until the settings are these.</summary>
    public void WaitForSettings(string expected) => Eventually.True(
        "the terminal's settings are " + expected,
        () => string.Equals(Settings(), expected, StringComparison.Ordinal),
        Settings);

    /// <summary>The terminal vanishes, as when its window is closed.</summary>
    public void Close()
    {
        Child.Run(new Launch("tmux", ["-S", _socket, "kill-server"]) { Environment = _environment });
    }

    public void Dispose() => Close();

    private static int NumberOf(Screen screen)
    {
        // A shell may have written before somebody could put a raw terminal right: its prompt then stands where the line before ended.
        Match match = Prompt().Match(screen.LastLine.TrimStart());
        return match.Success ? int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    private Outcome Tmux(params string[] words)
    {
        Outcome outcome = Child.Run(new Launch("tmux", ["-S", _socket, .. words])
        {
            Environment = _environment,
            Folder = Workspace.Work,
        });
        Assert.True(outcome.Status == 0, $"tmux {string.Join(' ', words)}: {outcome}");
        return outcome;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the shell says when it starts a job in the background, with a number that is never the same.</summary>
    [GeneratedRegex(@"^(?<job>\[\d+\]) \d+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex BackgroundJob();

    [GeneratedRegex(@"^\[(?<number>\d+)\][$#]$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Prompt();
}
