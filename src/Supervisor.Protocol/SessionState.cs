namespace Supervisor.Protocol;

/// <summary>
/// What a session is doing. The same words stand in files, JSON and text.
/// </summary>
public enum SessionState
{
    /// <summary>Claimed by an owner; the command has not started yet.</summary>
    Starting,

    /// <summary>The command lives.</summary>
    Running,

    /// <summary>The command lives, but has printed nothing for longer than its silence threshold.</summary>
    Idle,

    /// <summary>The command has ended, or is being ended, and its owner has not written the end yet.</summary>
    Stopping,

    /// <summary>The command has ended, and another attempt may follow by the session's restart policy.</summary>
    Backoff,

    /// <summary>The command ended by itself, with an exit code.</summary>
    Exited,

    /// <summary>The command died of a signal.</summary>
    Signaled,

    /// <summary>The command never started.</summary>
    Failed,

    /// <summary>The owner vanished before it could write the end.</summary>
    Lost,

    /// <summary>Swept: only a line in the history is left.</summary>
    Expired,
}

public static class SessionStates
{
    /// <summary>The word for <paramref name="state"/> as files and tables show it.</summary>
    public static string Word(this SessionState state) => state switch
    {
        SessionState.Starting => "starting",
        SessionState.Running => "running",
        SessionState.Idle => "idle",
        SessionState.Stopping => "stopping",
        SessionState.Backoff => "backoff",
        SessionState.Exited => "exited",
        SessionState.Signaled => "signaled",
        SessionState.Failed => "failed",
        SessionState.Lost => "lost",
        SessionState.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, message: null),
    };

    /// <summary>The state that <paramref name="word"/> names; null for an unknown one.</summary>
    public static SessionState? Parse(string? word) => word switch
    {
        "starting" => SessionState.Starting,
        "running" => SessionState.Running,
        "idle" => SessionState.Idle,
        "stopping" => SessionState.Stopping,
        "backoff" => SessionState.Backoff,
        "exited" => SessionState.Exited,
        "signaled" => SessionState.Signaled,
        "failed" => SessionState.Failed,
        "lost" => SessionState.Lost,
        "expired" => SessionState.Expired,
        _ => null,
    };

    public static bool IsLive(this SessionState state) =>
        state is SessionState.Starting or SessionState.Running or SessionState.Idle or SessionState.Stopping or SessionState.Backoff;
}
