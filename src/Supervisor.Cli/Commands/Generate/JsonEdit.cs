using System.Text;
using System.Text.Json;

namespace Supervisor.Cli.Commands.Generate;

/// <summary>Sets single values in a text of JSON that a person keeps: everything else in it, comments too, stays as it is.</summary>
internal static class JsonEdit
{
    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static readonly JsonDocumentOptions Whole = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
    };

    /// <summary>The text with the member at a path set, made on the way where it is missing.</summary>
    /// <param name="text">An object; empty for a new one.</param>
    /// <param name="path">Names of members, from the outermost in.</param>
    /// <param name="value">JSON.</param>
    /// <exception cref="JsonException">The text is no JSON object, or something on the way is none.</exception>
    public static string Set(string text, IReadOnlyList<string> path, string value)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "{" + Member(path, value, 1) + "\n}\n";
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(bytes.AsSpan(Bom(bytes)), Lenient);
        if (!reader.Read())
        {
            throw new JsonException("it is empty");
        }

        (int start, int end, string put) = Find(ref reader, path, value);
        int bom = Bom(bytes);
        string edited = Encoding.UTF8.GetString([.. bytes.AsSpan(0, bom + start), .. Encoding.UTF8.GetBytes(put), .. bytes.AsSpan(bom + end)]);
        return edited;
    }

    /// <summary>The strings of an array; null when there is none, or it has something else in it.</summary>
    /// <exception cref="JsonException">The text is no JSON, or has a name twice in one object: readers differ in which counts.</exception>
    public static string[]? Strings(string text, IReadOnlyList<string> path)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(text.TrimStart('\uFEFF'), Whole);
        JsonElement element = document.RootElement;
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element.ValueKind == JsonValueKind.Array && element.EnumerateArray().All(static e => e.ValueKind == JsonValueKind.String)
            ? [.. element.EnumerateArray().Select(static e => e.GetString()!)]
            : null;
    }

    private static int Bom(ReadOnlySpan<byte> bytes) => bytes.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>What to replace, and by what. All is read, so that nothing is changed in what is not whole.</summary>
    private static (int Start, int End, string Put) Find(ref Utf8JsonReader reader, IReadOnlyList<string> path, string value)
    {
        (int Start, int End, string Put)? found = null;
        int depth = 0;
        while (found is null)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException(depth == 0 ? "it is no JSON object" : $"\"{path[depth - 1]}\" in it is no object");
            }

            int open = (int)reader.BytesConsumed;
            bool inside = false;
            bool empty = true;
            while (!inside && found is null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                empty = false;
                bool wanted = reader.ValueTextEquals(path[depth]);
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                if (wanted && depth + 1 < path.Count)
                {
                    inside = true;
                }
                else
                {
                    reader.Skip();
                    found = wanted ? (start, (int)reader.BytesConsumed, value) : null;
                }
            }

            if (inside)
            {
                depth++;
            }
            else
            {
                found ??= (open, open, Member([.. path.Skip(depth)], value, depth + 1) + (empty ? "\n" + Indent(depth) : ","));
            }
        }

        while (reader.Read())
        {
        }

        return found.Value;
    }

    private static string Member(IReadOnlyList<string> path, string value, int depth)
    {
        string name = JsonSerializer.Serialize(path[0], GenerateJson.Default.String);
        string inner = path.Count == 1 ? value : "{" + Member([.. path.Skip(1)], value, depth + 1) + "\n" + Indent(depth) + "}";
        return $"\n{Indent(depth)}{name}: {inner}";
    }

    private static string Indent(int depth) => new(' ', depth * 2);
}
