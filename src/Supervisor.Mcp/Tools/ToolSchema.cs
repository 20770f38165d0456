using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace Supervisor.Mcp.Tools;

/// <summary>Puts a tool's description together. Schemas are written as short as they can be: every model reads them each time.</summary>
internal static class ToolSchema
{
    /// <param name="name">Its name.</param>
    /// <param name="title">For people.</param>
    /// <param name="description">For models.</param>
    /// <param name="input">The members of <c>properties</c>, as JSON.</param>
    /// <param name="required">The names that must be given, as JSON strings with commas between.</param>
    /// <param name="output">The members of the result's <c>properties</c> beside <c>schema_version</c>, as JSON; none of them is ever null.</param>
    public static Tool Of(string name, string title, string description, string input, string required, string output) => new()
    {
        Name = name,
        Title = title,
        Description = description,
        InputSchema = Parse($$"""{"type":"object","properties":{{{input}}},"required":[{{required}}]}"""),
        OutputSchema = Parse($$"""{"type":"object","properties":{"schema_version":{"type":"string"},{{output}}},"required":["schema_version"]}"""),

        // Not OpenWorldHint: it is about reaching out to others, and is true unless one says that it is not.
        Annotations = new ToolAnnotations { ReadOnlyHint = true, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false },
    };

    /// <summary>The names of a tool's arguments, in order.</summary>
    public static IReadOnlyList<string> Arguments(Tool tool) =>
        [.. tool.InputSchema.GetProperty("properties").EnumerateObject().Select(p => p.Name)];

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
