using ModelContextProtocol.Protocol;

namespace Supervisor.Mcp.Tools;

/// <summary>One tool.</summary>
internal interface ITool
{
    /// <summary>What a client is told of it.</summary>
    Tool Description { get; }

    /// <summary>The names its arguments may have.</summary>
    IReadOnlyList<string> ArgumentNames { get; }

    /// <summary>Calls it. Errors are <see cref="Protocol.Errors.SupException"/>s.</summary>
    ValueTask<CallToolResult> Call(ToolArguments arguments, ToolCall call);
}
