using System.Diagnostics.CodeAnalysis;

namespace Supervisor.Protocol;

/// <summary>The alphabet that session ids and names share. Safe as one path component and as an environment value.</summary>
internal static class Identifier
{
    public const int MaxLength = 64;

    public static bool IsValid([NotNullWhen(true)] string? text)
    {
        if (text is null || text.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(text[0]))
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            {
                return false;
            }
        }

        return !text.Contains("..", StringComparison.Ordinal);
    }
}
