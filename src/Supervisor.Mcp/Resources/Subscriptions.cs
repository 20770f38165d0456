using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Supervisor.Mcp.Scope;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Resources;

/// <summary>
/// Who is told that a resource changed. Older clients subscribe to one resource at a time; those of 2026-07-28 hold one
/// request open for all, and each notification carries that request's id.
/// </summary>
internal sealed class Subscriptions(VisibleSessions sessions, SessionResources resources, CancellationToken ending) : IDisposable
{
    /// <summary>Each is a thread and a connection to an owner.</summary>
    private const int MaxWatched = 64;

    private readonly Lock _changing = new();
    private readonly Dictionary<string, ResourceWatcher> _watchers = new(StringComparer.Ordinal);

    /// <summary>How many resources the open requests to listen watch.</summary>
    private int _listened;

    /// <summary><c>resources/subscribe</c></summary>
    public ValueTask<EmptyResult> Subscribe(RequestContext<SubscribeRequestParams> request, CancellationToken cancellation)
    {
        string uri = request.Params?.Uri ?? "";
        SessionStatus? status = resources.Find(uri).Status;
        McpServer server = request.Server;
        lock (_changing)
        {
            if (!_watchers.ContainsKey(uri))
            {
                CheckRoom(1);
                _watchers.Add(uri, new ResourceWatcher(sessions, status, () => Send(server, uri, id: null)));
            }
        }

        return ValueTask.FromResult(new EmptyResult());
    }

    /// <summary><c>resources/unsubscribe</c></summary>
    public ValueTask<EmptyResult> Unsubscribe(RequestContext<UnsubscribeRequestParams> request, CancellationToken cancellation)
    {
        ResourceWatcher? watcher;
        lock (_changing)
        {
            _watchers.Remove(request.Params?.Uri ?? "", out watcher);
        }

        watcher?.Dispose();
        return ValueTask.FromResult(new EmptyResult());
    }

    /// <summary><c>subscriptions/listen</c>: answers when the client gives it up.</summary>
    public async ValueTask<EmptyResult> Listen(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellation)
    {
        List<(string Uri, SessionStatus? Status)> granted = [];
        foreach (string uri in (request.Params?.Notifications?.ResourceSubscriptions ?? []).Distinct(StringComparer.Ordinal))
        {
            granted.Add((uri, resources.Find(uri).Status));
        }

        lock (_changing)
        {
            CheckRoom(granted.Count);
            _listened += granted.Count;
        }

        try
        {
            return await Listen(request, granted, cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (_changing)
            {
                _listened -= granted.Count;
            }
        }
    }

    private async Task<EmptyResult> Listen(
        RequestContext<SubscriptionsListenRequestParams> request, List<(string Uri, SessionStatus? Status)> granted, CancellationToken cancellation)
    {
        RequestId id = request.JsonRpcRequest.Id;
        await request.Server.SendMessageAsync(Acknowledgement(granted.ConvertAll(g => g.Uri), id), cancellation).ConfigureAwait(false);
        List<ResourceWatcher> watchers = granted.ConvertAll(g =>
            new ResourceWatcher(sessions, g.Status, () => Send(request.Server, g.Uri, id)));
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, ending);
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (either.Token.Register(over.SetResult).ConfigureAwait(false))
        {
            await over.Task.ConfigureAwait(false);
        }

        watchers.ForEach(w => w.Dispose());
        return new EmptyResult();
    }

    public void Dispose()
    {
        lock (_changing)
        {
            foreach (ResourceWatcher watcher in _watchers.Values)
            {
                watcher.Dispose();
            }

            _watchers.Clear();
        }
    }

    private void CheckRoom(int more)
    {
        if (_watchers.Count + _listened + more > MaxWatched)
        {
            throw new McpProtocolException($"too many subscriptions [limit_reached]. At most {MaxWatched} at once", McpErrorCode.InvalidRequest);
        }
    }

    private static void Send(McpServer server, string uri, RequestId? id)
    {
        JsonObject parameters = new() { ["uri"] = uri };
        if (id is { } request)
        {
            parameters["_meta"] = Meta(request);
        }

        // In order, one at a time: the watcher's thread waits for it.
        server.SendMessageAsync(new JsonRpcNotification { Method = NotificationMethods.ResourceUpdatedNotification, Params = parameters }, CancellationToken.None)
            .GetAwaiter().GetResult();
    }

    private static JsonRpcNotification Acknowledgement(List<string> uris, RequestId id)
    {
        JsonObject notifications = [];
        if (uris.Count > 0)
        {
            notifications["resourceSubscriptions"] = new JsonArray([.. uris.Select(u => (JsonNode)u)]);
        }

        return new JsonRpcNotification
        {
            Method = NotificationMethods.SubscriptionsAcknowledgedNotification,
            Params = new JsonObject { ["notifications"] = notifications, ["_meta"] = Meta(id) },
        };
    }

    private static JsonObject Meta(RequestId id) => new()
    {
        [MetaKeys.SubscriptionId] = id.Id switch
        {
            string text => JsonValue.Create(text),
            long number => JsonValue.Create(number),
            _ => null,
        },
    };
}
