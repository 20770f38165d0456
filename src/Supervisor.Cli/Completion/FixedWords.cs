using Supervisor.Protocol;
using Supervisor.Protocol.Values;

namespace Supervisor.Cli.Completion;

/// <summary>Values that are always the same.</summary>
internal static class FixedWords
{
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>Of <c>--state</c>: the states, and what stands for several.</summary>
    private static readonly (string Word, string Description)[] States =
    [
        ("live", "any that runs"),
        ("ended", "any that does not"),
        .. Enum.GetValues<SessionState>().Select(s => (s.Word(), "")),
    ];

    /// <summary>Those one sends: the real-time ones are left out.</summary>
    private static readonly (string Word, string Description)[] Signals =
        [.. Enumerable.Range(1, 31).Select(n => (SignalName.Of(n)["SIG".Length..], ""))];

    /// <param name="kind">What the help calls the value.</param>
    /// <param name="option">The option it belongs to; empty for a word of its own.</param>
    public static IEnumerable<(string Word, string Description)> Of(string kind, string option) => (kind, option) switch
    {
        ("SHELL", _) => Shells.Select(s => (s, "")),
        ("STATE" or "S", "--state") => States,
        ("SIG" or "SIGNAL", _) or (_, "--signal") => Signals,
        ("CHANNEL", _) or (_, "--channel") => [("stdout", ""), ("stderr", ""), ("pty", "both, of a terminal")],
        (_, "--state") => States,
        _ => [],
    };
}
