using System.Text.Json.Serialization;
using Supervisor.Actors.Journal;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>The forms in which the events of sessions are stored. Old ones stay readable for ever (golden files).</summary>
public static class RunnerEvents
{
    public static EventRegistry Registry { get; } = new EventRegistry.Builder()
        .Add("session-requested/1", RunnerJson.Default.SessionRequested)
        .Add("session-adopted/1", RunnerJson.Default.SessionAdopted)
        .Add("session-observed/1", RunnerJson.Default.SessionObserved)
        .Add("attempt-requested/1", RunnerJson.Default.AttemptRequested)
        .Add("attempt-started/1", RunnerJson.Default.AttemptStarted)
        .Add("attempt-ended/1", RunnerJson.Default.AttemptEnded)
        .Add("stop-requested/1", RunnerJson.Default.StopRequested)
        .Add("restart-requested/1", RunnerJson.Default.RestartRequested)
        .Add("session-idle/1", RunnerJson.Default.SessionIdle)
        .Add("session-active/1", RunnerJson.Default.SessionActive)
        .Add("restart-scheduled/1", RunnerJson.Default.RestartScheduled)
        .Add("close-requested/1", RunnerJson.Default.CloseRequested)
        .Add("session-ended/1", RunnerJson.Default.SessionEnded)
        .Build();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SessionRequested))]
[JsonSerializable(typeof(SessionAdopted))]
[JsonSerializable(typeof(SessionObserved))]
[JsonSerializable(typeof(AttemptRequested))]
[JsonSerializable(typeof(AttemptStarted))]
[JsonSerializable(typeof(AttemptEnded))]
[JsonSerializable(typeof(StopRequested))]
[JsonSerializable(typeof(RestartRequested))]
[JsonSerializable(typeof(SessionIdle))]
[JsonSerializable(typeof(SessionActive))]
[JsonSerializable(typeof(RestartScheduled))]
[JsonSerializable(typeof(CloseRequested))]
[JsonSerializable(typeof(SessionEnded))]
internal sealed partial class RunnerJson : JsonSerializerContext;
