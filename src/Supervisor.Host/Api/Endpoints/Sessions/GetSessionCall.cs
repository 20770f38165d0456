using System.Text.Json.Serialization;
using Supervisor.Protocol;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary><c>GET /v1/sessions/{id}</c>, by its exact id.</summary>
internal sealed class GetSessionCall(StateRoot root, TimeProvider time) : IEndpoint
{
    public string Method => "GET";

    public string Path => "/v1/sessions/{id}";

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(15);

    public async Task AnswerAsync(ApiCall call)
    {
        SessionId id = call.Session();
        DateTime now = time.GetUtcNow().UtcDateTime;
        SessionView? view = await Task.Run(
            () =>
            {
                using SessionFiles? files = SessionFiles.Open(root, id);
                return files is null ? null : Describe(SessionStatus.Of(files, now), now);
            },
            call.Cancelled);
        await call.AnswerAsync(
            new OneSessionAnswer
            {
                Session = view ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "GET /v1/sessions?all=true lists them"),
            },
            SessionViewsJson.Default.OneSessionAnswer);
    }

    public static SessionView Describe(SessionStatus status, DateTime now) => new()
    {
        Id = status.Id.Value,
        Name = status.Meta?.Name,
        State = status.State.Word(),
        Command = status.Meta?.Command ?? [],
        WorkingDirectory = status.Meta?.WorkingDirectory,
        ScriptHash = status.Meta?.ScriptHash,
        StartedAt = status.Meta?.StartedAt,
        EndedAt = status.Final?.EndedAt,
        DurationSeconds = status.Final?.DurationSeconds,
        ExitCode = status.Final?.ExitCode,
        Signal = status.Final?.Signal,
        EndReason = status.EndReason,
        Error = status.Final?.Error,
        Terminal = status.Meta?.Terminal,
        TransportMode = status.Meta?.TransportMode,
        Restart = status.Meta?.Restart,
        SilenceAfterSeconds = status.Meta?.SilenceAfterSeconds,
        Attempt = status.Meta?.Attempt,
        Pid = status.Meta?.Pid,
        OwnerPid = status.Meta?.OwnerPid,
        Owner = !status.State.IsLive() ? null : status.IsOwnerStopped ? "stopped" : "running",
        Labels = status.Meta?.Labels ?? SessionView.NoLabels,
        Host = status.Meta?.Host,
        OutputBytes = status.OutputBytes,
        IdleSeconds = status.LastActive is { } since ? Math.Max(0, (now - since).TotalSeconds) : null,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SessionListAnswer))]
[JsonSerializable(typeof(OneSessionAnswer))]
internal sealed partial class SessionViewsJson : JsonSerializerContext;
