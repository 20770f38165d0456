using System.Globalization;
using Supervisor.Host.Supervision;
using Supervisor.Protocol;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary>
/// <c>POST /v1/sessions/{id}/stop?signal=TERM&amp;grace_ms=10000</c>: both are the session's own where they are not given. Answers when all of
/// it is gone.
/// </summary>
internal sealed class StopSessionCall(ISupervision supervision, StateRoot root) : IEndpoint
{
    private static readonly TimeSpan LongestGrace = TimeSpan.FromHours(24);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    public string Method => "POST";

    public string Path => "/v1/sessions/{id}/stop";

    public TimeSpan Deadline { get; } = LongestGrace + Slack;

    public async Task AnswerAsync(ApiCall call)
    {
        string? signal = call.Parameter("signal");
        if (signal is not null && !SignalName.TryParse(signal, out _))
        {
            throw SupException.Usage("signal is none", "give a name such as TERM or SIGINT, or a number");
        }

        long? grace = null;
        if (call.Parameter("grace_ms") is { } text)
        {
            grace = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long given) && given <= LongestGrace.TotalMilliseconds
                ? given
                : throw SupException.Usage("grace_ms is not valid", "give milliseconds, 0 to 86400000");
        }

        await StopAsync(supervision, root, call, signal, grace);
    }

    public static async Task StopAsync(ISupervision supervision, StateRoot root, ApiCall call, string? signal, long? grace)
    {
        SessionId id = call.Session();
        if (await Task.Run(() => ObservedStop.IsOf(root, id), call.Cancelled))
        {
            SessionFinal? final = await ObservedStop.RunAsync(root, id, signal, grace, call.Cancelled);
            await call.AnswerAsync(
                new SessionEndedAnswer { Id = id.Value, State = final?.State, ExitCode = final?.ExitCode, Signal = final?.Signal, Journaled = false },
                SessionsJson.Default.SessionEndedAnswer);
            return;
        }

        StopSession stop = new(id, call.RequestId(), signal, grace);
        EndedResult ended = (EndedResult)await supervision.AskAsync(stop, LongestGrace + Slack, call.Cancelled);
        await call.AnswerAsync(
            new SessionEndedAnswer
            {
                Id = ended.SessionId.Value,
                State = ended.End?.State,
                ExitCode = ended.End?.ExitCode,
                Signal = ended.End?.Signal,
                Journaled = ended.Journaled,
            },
            SessionsJson.Default.SessionEndedAnswer);
    }
}
