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

    public override string ToString() => $"[{Modes.Trim()}]\n{Cells.TrimEnd('\n')}\n----";

    [GeneratedRegex("\u001b(\\[[0-9;:]*m|[()]B|\u000e|\u000f)|\u000e|\u000f", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Colours();
}
