using Supervisor.Protocol;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>POST /v1/sessions/{id}/signal?signal=USR1</c>: one signal to the command, passed on by the session's owner; also of a run in the foreground.</summary>
internal sealed class SignalSessionCall(StateRoot root) : IEndpoint
{
    public string Method => "POST";

    public string Path => "/v1/sessions/{id}/signal";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(15);

    public async Task AnswerAsync(ApiCall call)
    {
        SessionId id = call.Session();
        string signal = SignalName.TryParse(call.Parameter("signal") ?? "", out int number)
            ? SignalName.Of(number)
            : throw SupException.Usage("signal is none", "give a name such as USR1 or SIGINT, or a number");
        await Task.Run(() => OwnerSignal.Send(root, id, signal), call.Cancelled);
        await call.AnswerAsync(new SessionSignaledAnswer { Id = id.Value, Signal = signal }, SessionsJson.Default.SessionSignaledAnswer);
    }
}
