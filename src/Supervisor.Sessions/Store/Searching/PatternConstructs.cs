namespace Supervisor.Sessions.Store.Searching;

/// <summary>Looks through a valid pattern for what cannot be matched without backtracking; to say so, when that is why it cannot be used.</summary>
internal static class PatternConstructs
{
    private static readonly string[] Groups = ["(?=", "(?!", "(?<=", "(?<!", "(?>", "(?("];

    /// <summary>Whether it looks ahead or behind, is atomic or conditional, refers back, or begins where the last match ended.</summary>
    public static bool NeedsBacktracking(string pattern)
    {
        bool inSet = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
            {
                i++;
                if (!inSet && i < pattern.Length && pattern[i] is 'k' or 'G' or (>= '1' and <= '9'))
                {
                    return true;
                }
            }
            else if (inSet)
            {
                inSet = pattern[i] != ']';
            }
            else if (pattern[i] == '[')
            {
                // What closes it at once stands for itself.
                inSet = true;
                i += i + 1 < pattern.Length && pattern[i + 1] == '^' ? 1 : 0;
                i += i + 1 < pattern.Length && pattern[i + 1] == ']' ? 1 : 0;
            }
            else if (pattern[i] == '(' && Array.Exists(Groups, g => string.CompareOrdinal(pattern, i, g, 0, g.Length) == 0))
            {
                return true;
            }
        }

        return false;
    }
}
