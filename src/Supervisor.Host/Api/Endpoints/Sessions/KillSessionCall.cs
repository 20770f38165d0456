using Supervisor.Host.Supervision;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>POST /v1/sessions/{id}/kill</c>: a stop by SIGKILL, at once.</summary>
internal sealed class KillSessionCall(ISupervision supervision) : IEndpoint
{
    public string Method => "POST";

    public string Path => "/v1/sessions/{id}/kill";

    public TimeSpan Deadline { get; } = TimeSpan.FromMinutes(1);

    public Task AnswerAsync(ApiCall call) => StopSessionCall.StopAsync(supervision, call, "SIGKILL", 0);
}
