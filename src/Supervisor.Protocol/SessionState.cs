using System.Text.Json.Serialization;

namespace Supervisor.Protocol;

/// <summary>
/// What a session is doing. The same words stand in files, JSON and text.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<SessionState>))]
public enum SessionState
{
    /// <summary>Claimed by an owner; the command has not started yet.</summary>
    [JsonStringEnumMemberName("starting")]
    Starting,

    /// <summary>The command lives.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>The command lives, but has printed nothing for longer than its silence threshold.</summary>
    [JsonStringEnumMemberName("idle")]
    Idle,

    /// <summary>The command ended by itself, with an exit code.</summary>
    [JsonStringEnumMemberName("exited")]
    Exited,

    /// <summary>The command died of a signal.</summary>
    [JsonStringEnumMemberName("signaled")]
    Signaled,

    /// <summary>The command never started.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The owner vanished before it could write the end.</summary>
    [JsonStringEnumMemberName("lost")]
    Lost,
}

public static class SessionStates
{
    /// <summary>The word for <paramref name="state"/> as files and tables show it.</summary>
    public static string Word(this SessionState state) => state switch
    {
        SessionState.Starting => "starting",
        SessionState.Running => "running",
        SessionState.Idle => "idle",
        SessionState.Exited => "exited",
        SessionState.Signaled => "signaled",
        SessionState.Failed => "failed",
        SessionState.Lost => "lost",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, message: null),
    };

    public static bool IsLive(this SessionState state) => state is SessionState.Starting or SessionState.Running or SessionState.Idle;
}
