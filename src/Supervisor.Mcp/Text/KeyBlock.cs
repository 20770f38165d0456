using System.Text.RegularExpressions;

namespace Supervisor.Mcp.Text;

/// <summary>Follows private keys over their lines, which tell nothing each for itself.</summary>
internal sealed partial class KeyBlock
{
    private bool _inside;

    /// <param name="before">What stands before the first line.</param>
    public KeyBlock(string before)
    {
        int begin = before.LastIndexOf("-----BEGIN ", StringComparison.Ordinal);
        foreach (string line in begin < 0 ? [] : before[begin..].Split('\n'))
        {
            Holds(line);
        }
    }

    /// <summary>Whether a line looks as if it could be one of a key.</summary>
    public static bool CouldHold(string line) => Body().IsMatch(line);

    /// <summary>Whether this line, the next one, belongs to a key.</summary>
    public bool Holds(string line)
    {
        bool inside = _inside && Body().IsMatch(line);
        _inside = inside
            || (Begin().Match(line) is { Success: true } begin && line.IndexOf("-----END", begin.Index, StringComparison.Ordinal) < 0);
        return inside;
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Begin();

    [GeneratedRegex("^([A-Za-z0-9+/=]*|[A-Za-z-]+: .*)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Body();
}
