using ModelContextProtocol.Protocol;
using Supervisor.Client;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Tools;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Control;

/// <summary><c>sup_stop_session</c></summary>
internal sealed class StopSessionTool(VisibleSessions sessions, ControlAnswer answer) : ITool
{
    public const string Name = "sup_stop_session";
    private const int MaxGrace = 30_000;

    public Tool Description { get; } = ControlSchema.Of(
        Name,
        "Stop a session",
        "End a live session with all its processes: its stop signal, a grace, SIGKILL. Returns when they are gone. It is not started again by its policy.",
        """
        "session_id":{"type":"string"},"grace_ms":{"type":"integer","description":"until SIGKILL; at most 30000"}
        """,
        "\"session_id\"",
        destroys: true);

    public IReadOnlyList<string> ArgumentNames => field ??= ToolSchema.Arguments(Description);

    public async ValueTask<CallToolResult> Call(ToolArguments arguments, ToolCall call)
    {
        int? grace = arguments.Count("grace_ms", 0, MaxGrace);
        SessionStatus status = sessions.Find(arguments.RequiredText("session_id"));
        if (!status.State.IsLive())
        {
            throw new SupException(ErrorCode.SessionEnded, ExitCode.Failure, $"session {status.Id} has ended", "sup_get_session tells how");
        }

        OwnSession.Current.Refuse(status.Id, status.Meta, "stop", "a person can stop it");
        await Confirmation.Ask(call.Server, $"stop session {status.Meta?.Name ?? status.Id.Value} ({string.Join(' ', status.Meta?.Command ?? [])})", call.Cancellation).ConfigureAwait(false);
        await Task.Run(() => SessionStop.Run(sessions.Root, status, signal: null, grace), CancellationToken.None).ConfigureAwait(false);
        return answer.Of(status.Id.Value, "stopped");
    }
}
