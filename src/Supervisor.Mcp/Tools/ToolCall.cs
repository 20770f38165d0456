using ModelContextProtocol.Server;

namespace Supervisor.Mcp.Tools;

/// <summary>What surrounds one call.</summary>
/// <param name="Progress">Tells the client how a long call goes: seconds so far and a word; null when it does not want to know.</param>
/// <param name="Server">The connection; null where nobody can be asked.</param>
/// <param name="Cancellation">The client gave it up, or went away: the tool returns soon, with what it has.</param>
internal sealed record ToolCall(Func<double, string, Task>? Progress, McpServer? Server, CancellationToken Cancellation);
