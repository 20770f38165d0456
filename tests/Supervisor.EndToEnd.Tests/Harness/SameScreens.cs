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
            foreach (string entry in Directory.EnumerateFileSystemEntries(workspace.Work))
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
        _terminal.WaitUntil($"\"{name}\" looks as without sup, which is\n{expected}\n", screen => screen == expected);
    }

    /// <summary>Waits until the shell is back, and takes the picture.</summary>
    public void SnapPrompt(string name, int number) => Snap(name, screen =>
        screen.LastLine.StartsWith("[" + number.ToString(System.Globalization.CultureInfo.InvariantCulture) + "]", StringComparison.Ordinal));

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
