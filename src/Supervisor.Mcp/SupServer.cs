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

    public SupServer(ServerSettings settings, CancellationToken ending)
    {
        VisibleSessions sessions = new(settings);
        Masking masking = new(settings.Mask);
        SessionText text = new(masking);
        ToolSet tools = new(sessions, masking, text, ending);
        SessionResources resources = new(sessions, masking, text);
        _subscriptions = new Subscriptions(sessions, resources, ending);
        Options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "sup", Title = "sup: live and past output of commands", Version = settings.Version },
            ServerInstructions = Instructions.Text,
            ScopeRequests = false,
            Capabilities = new ServerCapabilities { Resources = new ResourcesCapability { Subscribe = true } },
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

    public void Dispose() => _subscriptions.Dispose();
}
