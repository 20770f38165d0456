using System.Globalization;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>
/// One and the same thing done twice in a real terminal, first without sup and then with it: every screen on the way must be
/// equal. What is typed is equal too: <c>r COMMAND</c> is a script that runs the command the one way or the other.
/// </summary>
internal sealed class SameScreens
{
    private readonly RealTerminal _terminal;
    private readonly List<(string Name, Screen Screen)> _expected;
    private readonly bool _isPlain;
    private int _next;

    private SameScreens(RealTerminal terminal, List<(string Name, Screen Screen)> expected, bool isPlain)
    {
        (_terminal, _expected, _isPlain) = (terminal, expected, isPlain);
    }

    public RealTerminal Terminal => _terminal;

    /// <summary>Whether this is the time with sup.</summary>
    public bool IsSupervised => !_isPlain;

    public Workspace Workspace => _terminal.Workspace;

    /// <param name="prepare">Makes the files in the empty work folder, before each of the two.</param>
    /// <param name="act">Does it, taking pictures.</param>
    /// <returns>The screens.</returns>
    public static IReadOnlyList<Screen> Compare(
        Action<Workspace> prepare, Action<SameScreens> act, int columns = 100, int rows = 30)
    {
        List<(string Name, Screen Screen)> screens = [];
        using Workspace workspace = new();
        foreach (bool plain in new[] { true, false })
        {
            // Programs remember things in the home: it has to be as new both times.
            foreach (string entry in Directory.GetFileSystemEntries(workspace.Work).Concat(Directory.GetFileSystemEntries(workspace.Home)))
            {
                Delete(entry);
            }

            string wrapper = Path.Combine(workspace.Bin, "r");
            File.WriteAllText(wrapper, plain ? "#!/bin/sh\nexec \"$@\"\n" : "#!/bin/sh\nexec sup run --quiet -- \"$@\"\n");
            File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
            prepare(workspace);
            using RealTerminal terminal = new(workspace, columns, rows);
            SameScreens pass = new(terminal, screens, plain);
            act(pass);
            Assert.Equal(screens.Count, pass._next);
            terminal.Close();
            Eventually.True("what ran in the terminal is gone", () => LiveProcesses.Of(workspace.Folder).Count == 0,
                () => string.Join('\n', LiveProcesses.Of(workspace.Folder)));
        }

        Assert.NotEmpty(screens);
        Assert.NotEmpty(workspace.Sessions);
        return [.. screens.Select(s => s.Screen)];
    }

    /// <summary>Waits for a screen, and takes or compares the picture.</summary>
    public void Snap(string name, Func<Screen, bool> condition)
    {
        if (_isPlain)
        {
            _expected.Add((name, _terminal.WaitUntilSettled(name, condition)));
            _next++;
            return;
        }

        (string expectedName, Screen expected) = _expected[_next++];
        Assert.Equal(expectedName, name);
        Screen? last = null;
        Eventually.True(
            $"\"{name}\" looks as without sup",
            () =>
            {
                last = _terminal.Look();
                return last == expected;
            },
            () => $"it should show: {expected}\nit shows: {last}\nthe difference:\n{last?.DifferenceFrom(expected)}");
    }

    /// <summary>Waits until the shell is back, and takes the picture.</summary>
    public void SnapPrompt(string name, int number)
    {
        string prompt = string.Create(CultureInfo.InvariantCulture, $"[{number}]");
        Snap(name, screen => screen.LastLine.Length > 0 && screen.LastLine[..^1].EndsWith(prompt, StringComparison.Ordinal));
    }

    /// <summary>Waits until the command is there, and sup, if it is, has handed the terminal over: keys are for the command.</summary>
    public void WaitUntilRuns(string command, bool raw = true)
    {
        Eventually.True($"{command} runs", () => Processes(command).Any(), Listing);
        WaitUntilHandedOver(raw);
    }

    /// <summary>Waits for the test's "sleep 300".</summary>
    public void WaitUntilSleeps(bool raw) => WaitUntilRuns("sleep 300", raw);

    /// <summary>Waits until a stopped command goes on.</summary>
    public void WaitUntilContinued(string command)
    {
        Eventually.True($"{command} goes on", () => Processes(command).Any(p => p.State != 'T'), Listing);
        WaitUntilHandedOver(raw: true);
    }

    /// <summary>Waits until the command is stopped, and in the foreground of its terminal sup with it.</summary>
    public void WaitUntilStopped(string command) =>
        Eventually.True($"{command} is stopped", () => Processes(command).Any(p => p.State == 'T'), Listing);

    private void WaitUntilHandedOver(bool raw)
    {
        if (!_isPlain && raw)
        {
            Terminal.WaitUntilRaw();
        }
    }

    private IEnumerable<LiveProcess> Processes(string command) => LiveProcesses.Of(Workspace.Folder)
        .Where(p => p.Command.StartsWith(command, StringComparison.Ordinal));

    private string Listing() => string.Join('\n', LiveProcesses.Of(Workspace.Folder));

    private static void Delete(string entry)
    {
        if (Directory.Exists(entry))
        {
            Directory.Delete(entry, recursive: true);
        }
        else
        {
            File.Delete(entry);
        }
    }
}
