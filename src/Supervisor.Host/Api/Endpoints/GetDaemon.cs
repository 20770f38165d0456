using System.Text.Json.Serialization;
using Supervisor.Host.Supervision;
using Supervisor.Protocol.Api;

namespace Supervisor.Host.Api.Endpoints;

/// <summary><c>GET /v1/daemon</c></summary>
internal sealed class GetDaemon(DaemonIdentity identity, ISupervision supervision) : IEndpoint
{
    public string Method => "GET";

    public string Path => "/v1/daemon";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(5);

    public async Task AnswerAsync(ApiCall call)
    {
        SupervisionStatus status = await supervision.StatusAsync(call.Cancelled);
        await call.AnswerAsync(identity.Status(status), DaemonJson.Default.DaemonStatus);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DaemonStatus))]
internal sealed partial class DaemonJson : JsonSerializerContext;
