using Microsoft.AspNetCore.Http;
using Supervisor.Host.Supervision;

namespace Supervisor.Host.Api.Endpoints;

/// <summary><c>POST /v1/daemon/stop</c>: answers as <c>GET /v1/daemon</c> does, and then stops. What is supervised runs on.</summary>
internal sealed class StopDaemon(DaemonIdentity identity, ISupervision supervision, Action stop) : IEndpoint
{
    public string Method => "POST";

    public string Path => "/v1/daemon/stop";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(5);

    public async Task AnswerAsync(ApiCall call)
    {
        SupervisionStatus status = await supervision.StatusAsync(call.Cancelled);
        call.WhenAnswered(stop);
        await call.AnswerAsync(identity.Status(status), DaemonJson.Default.DaemonStatus, StatusCodes.Status202Accepted);
    }
}
