using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Supervisor.Mcp.Control;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Text;
using Supervisor.Protocol.Errors;

namespace Supervisor.Mcp.Tools;

/// <summary>All tools, and the way to them.</summary>
internal sealed class ToolSet
{
    private readonly Dictionary<string, ITool> _tools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private readonly Action _givenUp;
    private readonly CancellationToken _ending;

    /// <param name="sessions">What they may show.</param>
    /// <param name="masking">How secrets are covered.</param>
    /// <param name="text">How sessions are shown.</param>
    /// <param name="rights">What they may change.</param>
    /// <param name="givenUp">Told of each call that the client gave up, and that is not answered.</param>
    /// <param name="ending">Nobody waits for an answer any more.</param>
    public ToolSet(VisibleSessions sessions, Masking masking, SessionText text, ControlRights rights, Action givenUp, CancellationToken ending)
    {
        (_givenUp, _ending) = (givenUp, ending);
        ControlAnswer answer = new(sessions, text);
        Add(new ListSessionsTool(sessions, text), null, allowed: true);
        Add(new GetSessionTool(sessions, text), null, allowed: true);
        Add(new ReadOutputTool(sessions, masking), null, allowed: true);
        Add(new WaitOutputTool(sessions, masking), null, allowed: true);
        Add(new SearchOutputTool(sessions, masking), null, allowed: true);
        Add(new StartSessionTool(sessions, answer), "start", rights.Start);
        Add(new StopSessionTool(sessions, answer), "stop", rights.Stop);
        Add(new RestartSessionTool(sessions, answer), "restart", rights.Restart);
    }

    /// <summary>In a fixed order.</summary>
    public IList<Tool> Descriptions { get; } = [];

    public async ValueTask<CallToolResult> Call(RequestContext<CallToolRequestParams> request, CancellationToken cancellation)
    {
        if (request.Params?.Name is { } refused && _refused.TryGetValue(refused, out string? right))
        {
            return ToolError.Of(
                new SupException(ErrorCode.NotAllowed, ExitCode.Failure, $"this server may not {right} sessions", $"a person allows it by starting the server as sup mcp --allow-control={right}"), null);
        }

        if (request.Params?.Name is not { } name || !_tools.TryGetValue(name, out ITool? tool))
        {
            throw new McpProtocolException($"unknown tool: {request.Params?.Name}", McpErrorCode.InvalidParams);
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending);
        string? sessionId = null;
        try
        {
            ToolArguments arguments = new(request.Params.Arguments, tool.ArgumentNames);
            sessionId = arguments.Text("session_id");
            CallToolResult result = await tool.Call(arguments, new ToolCall(Progress(request), request.Server, either.Token)).ConfigureAwait(false);

            // What a client gave up is not answered; what the end of its input cut short is, with what there is.
            if (cancellation.IsCancellationRequested)
            {
                _givenUp();
                throw new OperationCanceledException(cancellation);
            }

            return result;
        }
        catch (SupException e)
        {
            return ToolError.Of(e, sessionId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ToolError.Of(new SupException(ErrorCode.Internal, ExitCode.Failure, e.Message, inner: e), sessionId);
        }
    }

    /// <param name="tool">The tool.</param>
    /// <param name="right">What it needs; null for one that only reads.</param>
    /// <param name="allowed">Whether it has that. Others are not listed, and say so when they are called.</param>
    private void Add(ITool tool, string? right, bool allowed)
    {
        if (allowed)
        {
            _tools.Add(tool.Description.Name, tool);
            Descriptions.Add(tool.Description);
        }
        else
        {
            _refused.Add(tool.Description.Name, right!);
        }
    }

    private static Func<double, string, Task>? Progress(RequestContext<CallToolRequestParams> request)
    {
        if (request.Params?.ProgressToken is not { } token)
        {
            return null;
        }

        return (seconds, message) => request.Server.NotifyProgressAsync(
            token, new ProgressNotificationValue { Progress = (float)seconds, Message = message });
    }
}
