namespace Supervisor.Protocol.Values;

/// <summary>
/// Patterns over names as shells write them: <c>*</c> is any run of characters, <c>?</c> any one, <c>[abc]</c>, <c>[a-z]</c> and
/// <c>[!a-z]</c> one of a set; all else is itself, and so is a <c>[</c> that nothing closes. The whole text has to match; case
/// counts; nothing escapes. No pattern is invalid.
/// </summary>
public static class Glob
{
    /// <summary>Whether <paramref name="text"/> matches; never takes more than the product of both lengths.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(text);
        int p = 0;
        int t = 0;

        // Where to go on when what follows the last star did not fit: earlier stars need never be tried again, because what
        // stood between them has matched as early as it could.
        int afterStar = -1;
        int retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                retry = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, text[t], out int next))
            {
                p = next;
                t++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                t = ++retry;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool MatchesOne(string pattern, int at, char c, out int next)
    {
        next = at + 1;
        switch (pattern[at])
        {
            case '?':
                return true;
            case '[' when SetEnd(pattern, at) is > 0 and int end:
                next = end + 1;
                return IsInSet(pattern.AsSpan(at + 1, end - at - 1), c);
            default:
                return pattern[at] == c;
        }
    }

    /// <summary>The closing bracket; one that comes first in the set is a member of it. -1 when there is none.</summary>
    private static int SetEnd(string pattern, int open)
    {
        int first = open + 1;
        if (first < pattern.Length && pattern[first] is '!' or '^')
        {
            first++;
        }

        return first + 1 < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
    }

    private static bool IsInSet(ReadOnlySpan<char> set, char c)
    {
        bool negated = set[0] is '!' or '^';
        set = negated ? set[1..] : set;
        bool found = false;
        for (int i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= c == set[i];
            }
        }

        return found != negated;
    }
}
