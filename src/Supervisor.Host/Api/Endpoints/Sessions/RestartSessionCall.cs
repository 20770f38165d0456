using Supervisor.Actors.Sessions;
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
        (SessionMeta? known, RestartRules? rules) = await Task.Run(() => Known(id), call.Cancelled);
        if (known is { Terminal: not "supervised" })
        {
            throw new SupException(
                ErrorCode.NotAllowed, ExitCode.Failure, $"cannot restart session {id}: it ran in a terminal of its caller's", "run its command again there");
        }

        IReply reply = await supervision.AskAsync(new RestartSession(id, call.RequestId(), known, rules), Deadline, call.Cancelled);
        await call.AnswerAsync(StartSessionCall.Answer((StartedResult)reply), SessionsJson.Default.SessionStartedAnswer);
    }

    private (SessionMeta? Meta, RestartRules? Rules) Known(SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        SessionSpec? spec = files?.ReadBytes(Artifact.Spec) is { } bytes ? SessionSpec.Read(bytes) : null;
        return (files?.ReadMeta(), spec is null ? null : RestartRules.Of(spec));
    }
}
