using System.Text.RegularExpressions;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>What a terminal shows: its cells with their colours, its cursor and its modes.</summary>
internal sealed partial record Screen(string Cells, string Modes)
{
    /// <summary>Without colours.</summary>
    public string Text { get; } = Colours().Replace(Cells, "");

    public IReadOnlyList<string> Lines => [.. Text.Split('\n').Select(line => line.TrimEnd())];

    public string LastLine => Lines.LastOrDefault(line => line.Length > 0) ?? "";

    public bool Has(string text) => Text.Contains(text, StringComparison.Ordinal);

    /// <summary>Whether a line is just this.</summary>
    public bool HasLine(string line) => Lines.Contains(line, StringComparer.Ordinal);

    public int CountOf(string line) => Lines.Count(l => string.Equals(l, line, StringComparison.Ordinal));

    /// <summary>Whether the last line that is not empty is just this.</summary>
    public bool IsAt(string line) => string.Equals(LastLine, line, StringComparison.Ordinal);

    /// <summary>Which lines differ, their colours included.</summary>
    public string DifferenceFrom(Screen other)
    {
        string[] ours = [.. Cells.Split('\n'), Modes];
        string[] theirs = [.. other.Cells.Split('\n'), other.Modes];
        return string.Join('\n', Enumerable.Range(0, Math.Max(ours.Length, theirs.Length))
            .Select(i => (Ours: i < ours.Length ? ours[i] : "", Theirs: i < theirs.Length ? theirs[i] : ""))
            .Where(pair => !string.Equals(pair.Ours, pair.Theirs, StringComparison.Ordinal))
            .Select(pair => $"  not  {Visible(pair.Theirs)}\n  but  {Visible(pair.Ours)}"));
    }

    private static string Visible(string text) => text.Replace("\u001b", "\\e", StringComparison.Ordinal);

    public override string ToString() => $"[{Modes.Trim()}]\n{Cells.TrimEnd('\n')}\n----";

    [GeneratedRegex("\u001b(\\[[0-9;:]*m|[()]B|\u000e|\u000f)|\u000e|\u000f", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Colours();
}
