using System.Text;
using System.Text.RegularExpressions;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Sessions.Store.Searching;

/// <summary>
/// A .NET regular expression for lines as plain text. It is matched without backtracking, so that no pattern takes longer than the
/// text is long.
/// </summary>
public sealed class LinePattern
{
    private readonly Regex _regex;
    private char[] _characters = new char[1024];

    private LinePattern(string pattern, Regex regex)
    {
        _regex = regex;
        Literals = PatternLiterals.Of(pattern);
    }

    /// <summary>Bytes of which a matching line holds at least one; null when the pattern tells of none.</summary>
    internal PatternLiterals? Literals { get; }

    /// <exception cref="SupException"><c>invalid_argument</c>: it is no pattern, or one that needs backtracking.</exception>
    public static LinePattern Parse(string pattern)
    {
        try
        {
            return new LinePattern(
                pattern, new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Timeout.InfiniteTimeSpan));
        }
        catch (RegexParseException e)
        {
            throw SupException.Usage(
                $"{Printable.Word(pattern)} is not a regular expression: at character {e.Offset}, {Words(e.Error)}",
                "a character such as ( or [ is meant as itself with \\ before it");
        }
        catch (NotSupportedException) when (!PatternConstructs.NeedsBacktracking(pattern))
        {
            throw SupException.Usage($"{Printable.Word(pattern)} cannot be used: it stands for too many characters", "repeat less in it, such as {1,100}");
        }
        catch (NotSupportedException)
        {
            throw SupException.Usage(
                $"{Printable.Word(pattern)} cannot be used: it looks ahead or behind, or refers back",
                "write it without (?=…), (?!…), (?<=…), (?<!…), (?>…) and \\1");
        }
        catch (ArgumentException)
        {
            throw SupException.Usage($"{Printable.Word(pattern)} is not a regular expression");
        }
    }

    /// <summary>The framework's names tell what is wrong: <c>InsufficientClosingParentheses</c>.</summary>
    private static string Words(RegexParseError error)
    {
        StringBuilder words = new();
        foreach (char c in error.ToString())
        {
            words.Append(char.IsAsciiLetterUpper(c) && words.Length > 0 ? " " : "").Append(char.ToLowerInvariant(c));
        }

        return words.ToString();
    }

    /// <summary>One for another thread.</summary>
    internal LinePattern Copy() => new(_regex, Literals);

    private LinePattern(Regex regex, PatternLiterals? literals) => (_regex, Literals) = (regex, literals);

    /// <summary>Whether a line matches.</summary>
    /// <param name="line">UTF-8, plain text without the newline.</param>
    public bool IsMatch(ReadOnlySpan<byte> line)
    {
        if (Literals is { } literals)
        {
            bool found = literals.IsIn(line);
            if (!found || literals.Decide)
            {
                return found;
            }
        }

        int most = Encoding.UTF8.GetMaxCharCount(line.Length);
        if (most > _characters.Length)
        {
            _characters = new char[most];
        }

        int length = Encoding.UTF8.GetChars(line, _characters);
        return _regex.IsMatch(_characters.AsSpan(0, length));
    }
}
