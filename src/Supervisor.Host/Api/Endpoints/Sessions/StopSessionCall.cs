using System.Globalization;
using Supervisor.Host.Supervision;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary>
/// <c>POST /v1/sessions/{id}/stop?signal=TERM&amp;grace_ms=10000</c>: both are the session's own where they are not given. Answers when all of
/// it is gone.
/// </summary>
internal sealed class StopSessionCall(ISupervision supervision) : IEndpoint
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

        await StopAsync(supervision, call, signal, grace);
    }

    public static async Task StopAsync(ISupervision supervision, ApiCall call, string? signal, long? grace)
    {
        StopSession stop = new(call.Session(), call.RequestId(), signal, grace);
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
