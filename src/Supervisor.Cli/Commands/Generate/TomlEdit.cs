using System.Text;

namespace Supervisor.Cli.Commands.Generate;

/// <summary>Sets keys of one table in a text of TOML that a person keeps: everything else in it stays as it is, comments too.</summary>
internal static class TomlEdit
{
    /// <summary>The text with the keys set, or null when it is no TOML, or has the table in a form that cannot be added to.</summary>
    /// <param name="text">The file.</param>
    /// <param name="table">The table's name.</param>
    /// <param name="values">Keys and values as TOML, in order.</param>
    public static string? Set(string text, IReadOnlyList<string> table, IReadOnlyList<(string Key, string Value)> values)
    {
        // Those that are there first: where a new table is needed, all of it is.
        foreach ((string key, string value) in values)
        {
            if (Find(text, [.. table, key]) is { } found)
            {
                text = text[..found.Start] + value + text[found.End..];
            }
        }

        if (TomlText.Read(text) is not { } toml
            || toml.Tables.Any(t => t.IsArray && IsPrefix(t.Name, table))
            || toml.Tables.Count(t => Same(t.Name, table)) > 1
            || toml.Values.Any(v => IsPrefix(v.Name, table)))
        {
            return null;
        }

        List<(string Key, string Value)> missing = [.. values.Where(v => Find(text, [.. table, v.Key]) is null)];
        if (missing.Count == 0)
        {
            return text;
        }

        string newline = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        string added = string.Concat(missing.Select(v => $"{newline}{v.Key} = {v.Value}"));
        if (toml.Tables.FirstOrDefault(t => Same(t.Name, table)) is { } header)
        {
            int end = text.IndexOf('\n', header.End);
            end = end < 0 ? text.Length : end > 0 && text[end - 1] == '\r' ? end - 1 : end;
            return text[..end] + added + text[end..];
        }

        // With dotted keys: a second definition would make the file invalid.
        if (toml.Values.Any(v => v.Name.Count > table.Count && IsPrefix(table, v.Name) && !toml.Tables.Any(t => IsPrefix(table, t.Name) && IsPrefix(t.Name, v.Name))))
        {
            return null;
        }

        string between = text.Length == 0 || text.EndsWith(newline + newline, StringComparison.Ordinal) ? ""
            : text.EndsWith('\n') ? newline : newline + newline;
        return $"{text}{between}[{string.Join('.', table)}]{added}{newline}";
    }

    /// <summary>The value of a key as TOML; null when there is none.</summary>
    public static string? Get(string text, IReadOnlyList<string> key) => Find(text, key) is { } found ? text[found.Start..found.End] : null;

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

    private static TomlValue? Find(string text, IReadOnlyList<string> key) => TomlText.Read(text)?.Values.FirstOrDefault(v => Same(v.Name, key));

    private static bool Same(IReadOnlyList<string> a, IReadOnlyList<string> b) => a.SequenceEqual(b, StringComparer.Ordinal);

    /// <summary>Whether one is the beginning of the other, or the same.</summary>
    private static bool IsPrefix(IReadOnlyList<string> a, IReadOnlyList<string> b) => a.Count <= b.Count && Same(a, [.. b.Take(a.Count)]);
}
