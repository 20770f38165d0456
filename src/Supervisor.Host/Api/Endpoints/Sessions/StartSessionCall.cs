using Supervisor.Host.Supervision;
using Supervisor.Protocol;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>POST /v1/sessions</c>: the body is what spec.json will be. Answers when the command has really started.</summary>
internal sealed class StartSessionCall(ISupervision supervision) : IEndpoint
{
    /// <summary>A command line and its environment may be 2 MiB here (execve(2)), and more in base64.</summary>
    private const int MaxSpec = 8 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    public string Method => "POST";

    public string Path => "/v1/sessions";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(45);

    public async Task AnswerAsync(ApiCall call)
    {
        SessionSpec spec = SessionSpec.Read(await call.ReadBytesAsync(MaxSpec))
            ?? throw SupException.Usage("the request's body is no session's spec", "see docs/openapi.yaml");
        if (!SessionId.TryParse(spec.Id, out SessionId id))
        {
            throw SupException.Usage("id is no session id", "give letters, digits, . _ -, at most 64, beginning with a letter or digit, no ..");
        }

        if (!spec.HasValidRestart)
        {
            throw SupException.Usage("the session's restart policy, one of its times, or a success code is not valid", "see docs/openapi.yaml");
        }

        IReply reply = await supervision.AskAsync(new StartSession(id, call.RequestId(), spec), Limit, call.Cancelled);
        await call.AnswerAsync(Answer((StartedResult)reply), SessionsJson.Default.SessionStartedAnswer, Microsoft.AspNetCore.Http.StatusCodes.Status201Created);
    }

    public static SessionStartedAnswer Answer(StartedResult started) =>
        new() { Id = started.SessionId.Value, Attempt = started.Attempt, Pid = started.Pid };
}
