using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Supervisor.Mcp.Text;

/// <summary>
/// Covers known forms of tokens, keys and passwords with asterisks, as many as there were characters, so that offsets stay true.
/// A help against accidents: what looks like nothing known is not found.
/// </summary>
/// <param name="enabled">False: everything is shown as it is.</param>
internal sealed partial class Masking(bool enabled)
{
    /// <summary>No known form is recognised by what is farther away than this, in characters.</summary>
    public const int Context = 4096;

    /// <summary>Each known form has one of these in it; most lines have none, and need no closer look.</summary>
    private static readonly SearchValues<string> Signs = SearchValues.Create(
        [
            "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "npm_", "pypi-", "hf_", "dop_v1_",
            "shpat_", "k_live_", "k_test_", "whsec_", "dckr_pat_", "xox", "xapp-", "sk-", "akia", "asia", "aiza", "ya29.", "sg.", "eyj", "bearer", "basic",
            "://", "-----begin", "passw", "passphrase", "secret", "key", "token",
        ],
        StringComparison.OrdinalIgnoreCase);

    public bool IsEnabled => enabled;

    /// <summary>The text with its secrets covered.</summary>
    public string Mask(string text) => Mask("", text);

    /// <param name="before">What stands before it; is not returned.</param>
    /// <param name="text">The text.</param>
    public string Mask(string before, string text)
    {
        if (!enabled || text.Length == 0)
        {
            return text;
        }

        string whole = before + text;
        if (!whole.AsSpan().ContainsAny(Signs))
        {
            return text;
        }

        char[]? masked = null;
        foreach (Match match in Secrets().Matches(whole))
        {
            Group secret = match.Groups["s"];
            masked ??= whole.ToCharArray();
            for (int i = secret.Index; i < secret.Index + secret.Length; i++)
            {
                masked[i] = masked[i] is '\n' or '\r' ? masked[i] : '*';
            }
        }

        return masked is null ? text : new string(masked, before.Length, text.Length);
    }

    /// <summary>One line of several, in their order.</summary>
    /// <param name="key">Follows keys over the lines.</param>
    /// <param name="before">What stands before it in the line; is not returned.</param>
    /// <param name="line">The line.</param>
    public string MaskLine(KeyBlock key, string before, string line) =>
        enabled && key.Holds(line) ? new string('*', line.Length) : Mask(before, line);

    /// <summary>A command line's words; the one after <c>--password</c> is covered too.</summary>
    public IReadOnlyList<string> Mask(IReadOnlyList<string> command)
    {
        if (!enabled)
        {
            return command;
        }

        List<string> words = new(command.Count);
        bool secret = false;
        foreach (string word in command)
        {
            words.Add(secret && !word.StartsWith('-') ? new string('*', word.Length) : Mask(word));
            secret = SecretOption().IsMatch(word);
        }

        return words;
    }

    /// <summary>Raw bytes with their secrets covered.</summary>
    public byte[] Mask(ReadOnlySpan<byte> before, ReadOnlySpan<byte> bytes) =>
        enabled ? Encoding.Latin1.GetBytes(Mask(Encoding.Latin1.GetString(before), Encoding.Latin1.GetString(bytes))) : bytes.ToArray();

    [GeneratedRegex(
        """
        (?:\b(?:gh[opsur]_|github_pat_|glpat-|gldt-|glrt-|glcbt-|glptt-|npm_|pypi-|hf_|dop_v1_|shpat_|sk_live_|sk_test_|rk_live_|whsec_|dckr_pat_|xox[abposr]-|xapp-)(?<s>[A-Za-z0-9_-]{8,}))
        |(?:\bsk-(?<s>[A-Za-z0-9_-]{16,}))
        |(?:\b(?:AKIA|ASIA|AIza|ya29\.|SG\.)(?<s>[A-Za-z0-9_.-]{12,}))
        |(?:\beyJ(?<s>[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*))
        |(?:\b(?i:bearer|basic)[ ]+(?<s>[A-Za-z0-9._~+/=-]{12,}))
        |(?:://[^/\s:@]{0,64}:(?<s>[^/\s@]{1,200})@)
        |(?:-----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----(?<s>[A-Za-z0-9+/=\s:,\\-]*?)(?=-----END|\z|[^A-Za-z0-9+/=\s:,\\-]))
        |(?:\b(?i:[a-z0-9_.-]{0,32}(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|token))["']?(?:=["']?(?<s>[^\s"'&,;]{1,400})|:[ ]{0,2}["']?(?<s>[^\s"'&,;]{12,400})))
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 2000)]
    private static partial Regex Secrets();

    [GeneratedRegex("^--?(?i:[a-z0-9-]{0,32}(passw(or)?d|passphrase|secret|api-?key|access-?key|private-?key|token))$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex SecretOption();
}
