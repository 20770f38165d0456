using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>GET /v1/sessions?all=true</c>: the live ones, or all that are stored, newest first, as their files tell.</summary>
internal sealed class ListSessionsCall(StateRoot root, TimeProvider time) : IEndpoint
{
    public string Method => "GET";

    public string Path => "/v1/sessions";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(30);

    public async Task AnswerAsync(ApiCall call)
    {
        bool all = call.Parameter("all") switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw SupException.Usage("all is not valid", "give true or false"),
        };
        SessionCatalog catalog = new(root, time);
        IReadOnlyList<SessionStatus> found = await Task.Run(() => all ? catalog.All() : catalog.Live().Sessions, call.Cancelled);
        DateTime now = time.GetUtcNow().UtcDateTime;
        SessionListAnswer answer = new() { Sessions = [.. found.Select(s => GetSessionCall.Describe(s, now))] };
        await call.AnswerAsync(answer, SessionViewsJson.Default.SessionListAnswer);
    }
}
