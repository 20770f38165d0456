using System.Buffers;
using System.Text;

namespace Supervisor.Sessions.Store.Searching;

/// <summary>
/// What a regular expression says literally: of each alternative the longest text that every match of it holds. Knows only the
/// plain parts of the syntax; of a pattern with anything else it says nothing, and the pattern itself has to look.
/// </summary>
internal sealed class PatternLiterals
{
    /// <summary>More than these the pattern finds as quickly itself.</summary>
    private const int MaxAlternatives = 16;

    private static readonly SearchValues<char> Counts = SearchValues.Create("0123456789,");

    private readonly byte[][] _texts;

    private PatternLiterals(byte[][] texts, bool decide) => (_texts, Decide) = (texts, decide);

    /// <summary>Each in UTF-8, none of them empty.</summary>
    public ReadOnlySpan<byte[]> Texts => _texts;

    /// <summary>Whether the pattern is nothing but these texts: a line that holds one matches.</summary>
    public bool Decide { get; }

    public bool IsIn(ReadOnlySpan<byte> line)
    {
        foreach (byte[] text in _texts)
        {
            if (line.IndexOf(text) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Null when the pattern says nothing literally, or not in a way understood here.</summary>
    public static PatternLiterals? Of(string pattern)
    {
        List<byte[]> texts = [];
        bool decide = true;
        int at = 0;
        while (true)
        {
            string? longest = Alternative(pattern, ref at, out bool whole);
            if (string.IsNullOrEmpty(longest) || texts.Count == MaxAlternatives || longest.Contains('\uFFFD', StringComparison.Ordinal))
            {
                return null;
            }

            texts.Add(Encoding.UTF8.GetBytes(longest));
            decide &= whole;
            if (at == pattern.Length)
            {
                return new PatternLiterals([.. texts], decide);
            }

            // Behind the bar.
            at++;
        }
    }

    /// <summary>Reads up to the next bar outside of groups; null for what is not understood.</summary>
    private static string? Alternative(string pattern, ref int at, out bool whole)
    {
        StringBuilder run = new();
        string longest = "";
        whole = true;
        while (at < pattern.Length && pattern[at] != '|')
        {
            char c = pattern[at++];
            bool literal = true;
            switch (c)
            {
                case '\\':
                    if (at == pattern.Length || !TryEscape(pattern[at++], ref c, ref literal))
                    {
                        return null;
                    }

                    break;
                case '(':
                    if (!TrySkipGroup(pattern, ref at))
                    {
                        return null;
                    }

                    literal = false;
                    break;
                case '[':
                    if (!TrySkipClass(pattern, ref at))
                    {
                        return null;
                    }

                    literal = false;
                    break;
                case '.' or '^' or '$':
                    literal = false;
                    break;
                case '*' or '+' or '?' or '{' or '}' or ')':
                    // A quantifier with nothing before it, or a brace taken literally: not worth knowing.
                    return null;
                default:
                    literal = !char.IsSurrogate(c) && c >= ' ' && c != '\u007f';
                    if (!literal)
                    {
                        return null;
                    }

                    break;
            }

            if (!TryQuantifier(pattern, ref at, out bool quantified, out bool optional))
            {
                return null;
            }

            if (literal && !optional)
            {
                run.Append(c);
            }

            whole &= literal && !quantified;
            if (!literal || quantified)
            {
                longest = run.Length > longest.Length ? run.ToString() : longest;
                run.Clear();
            }
        }

        return run.Length > longest.Length ? run.ToString() : longest;
    }

    /// <summary>Escapes of what is no letter mean it; of letters only those for classes and borders are known.</summary>
    private static bool TryEscape(char escaped, ref char c, ref bool literal)
    {
        c = escaped;
        literal = !char.IsAsciiLetterOrDigit(escaped) && escaped is > ' ' and < '\u007f';
        return literal || escaped is 'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 'A' or 'z' or 'Z';
    }

    private static bool TryQuantifier(string pattern, ref int at, out bool quantified, out bool optional)
    {
        (quantified, optional) = (false, false);
        if (at == pattern.Length || pattern[at] is not ('*' or '+' or '?' or '{'))
        {
            return true;
        }

        quantified = true;
        char kind = pattern[at++];
        optional = kind is '*' or '?';
        if (kind == '{')
        {
            int end = pattern.IndexOf('}', at);
            if (end <= at || pattern.AsSpan(at, end - at).ContainsAnyExcept(Counts) || pattern[at] == ',')
            {
                return false;
            }

            optional = pattern[at] == '0';
            at = end + 1;
        }

        if (at < pattern.Length && pattern[at] == '?')
        {
            at++;
        }

        return at == pattern.Length || pattern[at] is not ('*' or '+' or '?' or '{');
    }

    /// <summary>Of a group nothing is known but where it ends. One with a question mark may be anything.</summary>
    private static bool TrySkipGroup(string pattern, ref int at)
    {
        if (at < pattern.Length && pattern[at] == '?' && !pattern.AsSpan(at).StartsWith("?:", StringComparison.Ordinal))
        {
            return false;
        }

        for (int depth = 1; at < pattern.Length;)
        {
            char c = pattern[at++];
            switch (c)
            {
                case '\\':
                    at++;
                    break;
                case '[' when !TrySkipClass(pattern, ref at):
                    return false;
                case '(':
                    if (at < pattern.Length && pattern[at] == '?' && !pattern.AsSpan(at).StartsWith("?:", StringComparison.Ordinal))
                    {
                        return false;
                    }

                    depth++;
                    break;
                case ')' when --depth == 0:
                    return true;
                default:
                    break;
            }
        }

        return false;
    }

    /// <summary>Goes behind <c>[…]</c>. A class within it (subtraction) is not understood.</summary>
    private static bool TrySkipClass(string pattern, ref int at)
    {
        at += at < pattern.Length && pattern[at] == '^' ? 1 : 0;
        for (bool first = true; at < pattern.Length; first = false)
        {
            char c = pattern[at++];
            if (c == '\\')
            {
                at++;
            }
            else if (c == '[')
            {
                return false;
            }
            else if (c == ']' && !first)
            {
                return true;
            }
        }

        return false;
    }
}
