using Supervisor.Host.Supervision;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>POST /v1/sessions/{id}/restart</c>: stop, then the next attempt; also of an ended session. Answers when it has really started.</summary>
internal sealed class RestartSessionCall(ISupervision supervision, StateRoot root) : IEndpoint
{
    public string Method => "POST";

    public string Path => "/v1/sessions/{id}/restart";

    /// <summary>The session's own grace is part of it.</summary>
    public TimeSpan Deadline { get; } = TimeSpan.FromHours(24);

    public async Task AnswerAsync(ApiCall call)
    {
        SessionId id = call.Session();
        SessionMeta? known = await Task.Run(() => Known(id), call.Cancelled);
        if (known is { Terminal: not "supervised" })
        {
            throw new SupException(
                ErrorCode.NotAllowed, ExitCode.Failure, $"cannot restart session {id}: it ran in a terminal of its caller's", "run its command again there");
        }

        IReply reply = await supervision.AskAsync(new RestartSession(id, call.RequestId(), known), Deadline, call.Cancelled);
        await call.AnswerAsync(StartSessionCall.Answer((StartedResult)reply), SessionsJson.Default.SessionStartedAnswer);
    }

    private SessionMeta? Known(SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        return files?.ReadMeta();
    }
}
