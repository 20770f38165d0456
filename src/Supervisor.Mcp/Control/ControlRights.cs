namespace Supervisor.Mcp.Control;

/// <summary>What a server may change, by <c>--allow-control</c>.</summary>
/// <param name="Start">Start new sessions.</param>
/// <param name="Stop">Stop sessions.</param>
/// <param name="Restart">Restart sessions.</param>
public sealed record ControlRights(bool Start, bool Stop, bool Restart)
{
    /// <summary>All words, for help and errors.</summary>
    public const string Words = "start, stop, restart";

    public static ControlRights None { get; } = new(false, false, false);

    public static ControlRights All { get; } = new(true, true, true);

    public bool Any => Start || Stop || Restart;

    /// <param name="text">Words with commas between them.</param>
    /// <returns>Null for a word that is none of them.</returns>
    public static ControlRights? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ControlRights rights = None;
        foreach (string word in text.Split(','))
        {
            ControlRights? more = word switch
            {
                "start" => rights with { Start = true },
                "stop" => rights with { Stop = true },
                "restart" => rights with { Restart = true },
                _ => null,
            };
            if (more is null)
            {
                return null;
            }

            rights = more;
        }

        return rights;
    }
}
