using Supervisor.Sessions.Native;

namespace Supervisor.Cli.Output;

/// <summary>What text is written for.</summary>
/// <param name="Width">The terminal's columns; null when it is no terminal, where nothing is cut.</param>
/// <param name="Colours">Whether colours may be used.</param>
internal sealed record Screen(int? Width, bool Colours)
{
    private const int Stdout = 1;

    /// <summary>Where a terminal does not say how wide it is.</summary>
    private const int UnknownWidth = 80;

    /// <summary>Standard output: colours on a terminal, unless <c>NO_COLOR</c> is set (no-color.org) or the terminal is a dumb one.</summary>
    public static Screen OfStdout()
    {
        if (!Io.IsTerminal(Stdout))
        {
            return new Screen(Width: null, Colours: false);
        }

        bool colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && !string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);
        return new Screen(Tty.GetSize(Stdout) is { Columns: > 0 } size ? size.Columns : UnknownWidth, colours);
    }

    /// <summary>The text in the colour of its tone.</summary>
    public string Paint(string text, Tone tone) => !Colours || tone == Tone.Plain || text.Length == 0
        ? text
        : tone switch
        {
            Tone.Good => "\u001b[32m",
            Tone.Bad => "\u001b[31m",
            Tone.Warning => "\u001b[33m",
            Tone.Faint => "\u001b[2m",
            _ => throw new ArgumentOutOfRangeException(nameof(tone), tone, message: null),
        } + text + "\u001b[0m";
}

/// <summary>What a text means, which a terminal shows as a colour.</summary>
internal enum Tone
{
    Plain,

    /// <summary>Green.</summary>
    Good,

    /// <summary>Red.</summary>
    Bad,

    /// <summary>Yellow.</summary>
    Warning,

    /// <summary>Dim: past, and of no consequence.</summary>
    Faint,
}
