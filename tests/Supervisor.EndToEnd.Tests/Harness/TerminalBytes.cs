using System.Globalization;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>
/// A terminal that keeps every byte that reaches it, where <see cref="RealTerminal"/> keeps what they look like: what a
/// command sends is compared with and without sup, not only what comes of it.
/// </summary>
internal sealed record TerminalBytes(Workspace Workspace)
{
    public int Columns { get; init; } = 80;

    public int Rows { get; init; } = 24;

    /// <summary>Whether it reads slowly, so that its writers have to wait.</summary>
    public bool IsSlow { get; init; }

    /// <summary>What is typed when a text has come, one after the other. Both may have escapes like <c>\x1b</c>.</summary>
    public IReadOnlyList<(string Text, string Keys)> Keys { get; init; } = [];

    /// <summary>Runs a bash script in it. What it printed, to whichever stream, is <see cref="Outcome.Out"/>.</summary>
    public Outcome Bash(string script)
    {
        Needs.Programs("python3");
        List<string> words =
        [
            "--default-signal=PIPE,INT,QUIT", "python3", Path.Combine(AppContext.BaseDirectory, "Programs", "terminal.py"),
            string.Create(CultureInfo.InvariantCulture, $"{Columns}x{Rows}"),
        ];
        if (IsSlow)
        {
            words.Add("--slow");
        }

        foreach ((string text, string keys) in Keys)
        {
            words.AddRange(["--on", text, keys]);
        }

        return Child.Run(new Launch("env", [.. words, "bash", "--norc", "--noprofile", "-c", script])
        {
            Environment = Workspace.Variables,
            Folder = Workspace.Work,
        });
    }

    /// <summary>Runs the script as it is without sup, and then with it wherever it says RUN: the bytes are the same.</summary>
    public Outcome Same(string script)
    {
        Assert.Contains(Workspace.Run, script, StringComparison.Ordinal);
        Outcome plain = Bash(script.Replace(Workspace.Run, "", StringComparison.Ordinal));
        Outcome supervised = Bash(script.Replace(Workspace.Run, "sup run --quiet -- ", StringComparison.Ordinal));
        Workspace.AssertSame(plain, supervised);
        return supervised;
    }
}
