using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Tools;

namespace Supervisor.Mcp.Control;

/// <summary>Descriptions of tools that change something.</summary>
internal static class ControlSchema
{
    /// <param name="name">Its name.</param>
    /// <param name="title">For people.</param>
    /// <param name="description">For models.</param>
    /// <param name="input">The members of <c>properties</c>, as JSON.</param>
    /// <param name="required">The names that must be given, as JSON strings with commas between.</param>
    /// <param name="destroys">Whether what runs may end.</param>
    public static Tool Of(string name, string title, string description, string input, string required, bool destroys)
    {
        Tool tool = ToolSchema.Of(name, title, description, input, required, "\"session\":{\"type\":\"object\"}");
        tool.Annotations = new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = destroys, IdempotentHint = false, OpenWorldHint = false };
        return tool;
    }
}
