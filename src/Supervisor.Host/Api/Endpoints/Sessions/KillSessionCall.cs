using Supervisor.Host.Supervision;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>POST /v1/sessions/{id}/kill</c>: a stop by SIGKILL, at once.</summary>
internal sealed class KillSessionCall(ISupervision supervision, StateRoot root) : IEndpoint
{
    public string Method => "POST";

    public string Path => "/v1/sessions/{id}/kill";

    public TimeSpan Deadline { get; } = TimeSpan.FromMinutes(1);

    public Task AnswerAsync(ApiCall call) => StopSessionCall.StopAsync(supervision, root, call, "SIGKILL", 0);
}
