namespace Supervisor.Protocol.Files;

/// <summary>A line of sup's own log: what was decided about an ended session, and why.</summary>
public sealed record CleanupRecord
{
    public required DateTime Timestamp { get; init; }

    public required string SessionId { get; init; }

    /// <summary><c>removed skipped error</c>.</summary>
    public required string Result { get; init; }

    /// <summary>
    /// <c>not_expired active_session expired unreadable_not_expired unreadable_expired unreadable_stat_error remove_error</c>.
    /// </summary>
    public required string Reason { get; init; }

    /// <summary>Of an error: what the system said.</summary>
    public string? Error { get; init; }

    /// <summary>Of a removed session: the state it ended in; null when its files do not tell.</summary>
    public string? EndState { get; init; }

    public long? ExitCode { get; init; }

    public string? Signal { get; init; }

    public string? TransportMode { get; init; }

    /// <summary>The line. What does not apply is left out.</summary>
    public byte[] ToLine()
    {
        JsonText json = new JsonText()
            .Add("timestamp", Timestamp)
            .Add("event", "cleanup")
            .Add("session_id", SessionId)
            .Add("cleanup_result", Result)
            .Add("cleanup_reason", Reason);
        if (EndState is not null)
        {
            json.Add("state_transition", EndState + "->expired").Add("exit_code", ExitCode).Add("signal", Signal);
            json.Add("transport_mode", TransportMode);
        }

        if (Error is not null)
        {
            json.Add("error", Error);
        }

        return json.ToLine();
    }
}
