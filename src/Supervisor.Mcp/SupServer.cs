using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Supervisor.Mcp.Prompts;
using Supervisor.Mcp.Resources;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Text;
using Supervisor.Mcp.Tools;

namespace Supervisor.Mcp;

/// <summary>Everything the server offers, put together.</summary>
internal sealed class SupServer : IDisposable
{
    private readonly Subscriptions _subscriptions;

    /// <param name="settings">What it shows.</param>
    /// <param name="givenUp">Told of each call that the client gave up, and that is not answered.</param>
    /// <param name="ending">Nobody waits for an answer any more.</param>
    public SupServer(ServerSettings settings, Action givenUp, CancellationToken ending)
    {
        VisibleSessions sessions = new(settings);
        Masking masking = new(settings.Mask);
        SessionText text = new(masking);
        ToolSet tools = new(sessions, masking, text, settings.Control, givenUp, ending);
        SessionResources resources = new(sessions, masking, text);
        _subscriptions = new Subscriptions(sessions, resources, ending);
        Options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "sup", Title = "sup: live and past output of commands", Version = settings.Version },
            ServerInstructions = Instructions.For(settings.Control),
            ScopeRequests = false,
            Capabilities = new ServerCapabilities { Resources = new ResourcesCapability { Subscribe = true } },
            Filters = new McpServerFilters { Message = new McpMessageFilters { IncomingFilters = [Understood] } },
            Handlers = new McpServerHandlers
            {
                ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = tools.Descriptions }),
                CallToolHandler = tools.Call,
                ListResourcesHandler = (_, _) => ValueTask.FromResult(resources.List()),
                ListResourceTemplatesHandler = (_, _) => ValueTask.FromResult(new ListResourceTemplatesResult { ResourceTemplates = resources.Templates }),
                ReadResourceHandler = (request, _) => ValueTask.FromResult(resources.Read(request.Params?.Uri)),
                SubscribeToResourcesHandler = _subscriptions.Subscribe,
                UnsubscribeFromResourcesHandler = _subscriptions.Unsubscribe,
                SubscriptionsListenHandler = _subscriptions.Listen,
                ListPromptsHandler = (_, _) => ValueTask.FromResult(new ListPromptsResult { Prompts = JobPrompts.Descriptions }),
                GetPromptHandler = (request, _) => ValueTask.FromResult(JobPrompts.Get(request.Params)),
            },
        };
    }

    public McpServerOptions Options { get; }

    /// <summary>Parameters that do not have the members or types they should have are the client's fault, and it is told so (JSON-RPC 2.0, 5.1).</summary>
    private static McpMessageHandler Understood(McpMessageHandler next) => async (message, cancellation) =>
    {
        try
        {
            await next(message, cancellation).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw new McpProtocolException("the parameters are not those of this method [invalid_argument]", e, McpErrorCode.InvalidParams);
        }
    };

    public void Dispose() => _subscriptions.Dispose();
}
