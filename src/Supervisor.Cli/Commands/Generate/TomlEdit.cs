using System.Text;
using System.Text.RegularExpressions;

namespace Supervisor.Cli.Commands.Generate;

/// <summary>Sets keys of one table in a text of TOML that a person keeps: everything else in it stays as it is.</summary>
internal static partial class TomlEdit
{
    /// <summary>The text with the keys set, or null when the table is written in a form that is not understood.</summary>
    /// <param name="text">The file.</param>
    /// <param name="table">Its name, such as <c>mcp_servers.sup</c>.</param>
    /// <param name="values">Keys and values as TOML, in order.</param>
    public static string? Set(string text, string table, IReadOnlyList<(string Key, string Value)> values)
    {
        List<string> lines = [.. text.Split('\n')];
        int header = lines.FindIndex(l => IsHeader(l, table));
        if (header < 0)
        {
            string parent = table[..table.LastIndexOf('.')];
            string last = table[(table.LastIndexOf('.') + 1)..];

            // As an inline table or with dotted keys: a second definition would make the file invalid.
            int inside = lines.FindIndex(l => IsHeader(l, parent));
            if (lines.Exists(l => Regex.IsMatch(l, $"""^\s*{Regex.Escape(parent)}\s*(=|\.)""", RegexOptions.CultureInvariant, Limit))
                || (inside >= 0 && lines.Skip(inside + 1).TakeWhile(l => !AnyHeader().IsMatch(l)).Any(l => Regex.IsMatch(l, $"""^\s*"?{Regex.Escape(last)}"?\s*(=|\.)""", RegexOptions.CultureInvariant, Limit))))
            {
                return null;
            }

            StringBuilder added = new(text);
            added.Append(text.Length == 0 ? "" : text.EndsWith("\n\n", StringComparison.Ordinal) ? "" : text.EndsWith('\n') ? "\n" : "\n\n");
            added.Append('[').Append(table).Append("]\n");
            foreach ((string key, string value) in values)
            {
                added.Append(key).Append(" = ").Append(value).Append('\n');
            }

            return added.ToString();
        }

        int end = lines.FindIndex(header + 1, l => AnyHeader().IsMatch(l));
        end = end < 0 ? lines.Count : end;
        foreach ((string key, string value) in values)
        {
            int at = lines.FindIndex(header + 1, end - header - 1, l => Regex.IsMatch(l, $"""^\s*"?{Regex.Escape(key)}"?\s*=""", RegexOptions.CultureInvariant, Limit));
            if (at < 0)
            {
                lines.Insert(header + 1, $"{key} = {value}");
                end++;
            }
            else if (!IsWhole(lines[at]))
            {
                return null;
            }
            else
            {
                lines[at] = $"{key} = {value}";
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>A TOML string (TOML 1.0, basic strings).</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                < ' ' or '\x7f' => $"\\u{(int)c:X4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    private static TimeSpan Limit => TimeSpan.FromSeconds(1);

    private static bool IsHeader(string line, string table) =>
        Header().Match(line) is { Success: true } header
        && string.Equals(header.Groups["name"].Value.Replace("\"", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal), table, StringComparison.Ordinal);

    /// <summary>Whether a value ends on its line.</summary>
    private static bool IsWhole(string line) =>
        line.Count(c => c == '[') == line.Count(c => c == ']') && !line.Contains("\"\"\"", StringComparison.Ordinal) && !line.Contains("'''", StringComparison.Ordinal);

    [GeneratedRegex("""^\s*\[\s*(?<name>[^\[\]]+?)\s*\]\s*(#.*)?$""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Header();

    [GeneratedRegex("""^\s*\[""", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnyHeader();
}
