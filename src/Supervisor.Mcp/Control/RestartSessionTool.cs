using ModelContextProtocol.Protocol;
using Supervisor.Client;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Tools;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Control;

/// <summary><c>sup_restart_session</c></summary>
internal sealed class RestartSessionTool(VisibleSessions sessions, ControlAnswer answer) : ITool
{
    public const string Name = "sup_restart_session";
    private static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    public Tool Description { get; } = ControlSchema.Of(
        Name,
        "Restart a session",
        "Stop the command of a session that sup start or sup_start_session began, if it runs, and start it again in the same transcript; an ended one too. Returns when it has started: wait for its output from the end_cursor before.",
        "\"session_id\":{\"type\":\"string\"}",
        "\"session_id\"",
        destroys: true);

    public IReadOnlyList<string> ArgumentNames => field ??= ToolSchema.Arguments(Description);

    public async ValueTask<CallToolResult> Call(ToolArguments arguments, ToolCall call)
    {
        SessionStatus status = sessions.Find(arguments.RequiredText("session_id"));
        OwnSession.Current.Refuse(status.Id, status.Meta, "restart", "a person can restart it");
        await Confirmation.Ask(call.Server, $"restart session {status.Meta?.Name ?? status.Id.Value} ({string.Join(' ', status.Meta?.Command ?? [])})", call.Cancellation).ConfigureAwait(false);
        await Task.Run(() => DaemonRequest.Post(sessions.Root, $"/sessions/{status.Id}/restart", [], Longest), CancellationToken.None).ConfigureAwait(false);
        return answer.Of(status.Id.Value, "restarted");
    }
}
