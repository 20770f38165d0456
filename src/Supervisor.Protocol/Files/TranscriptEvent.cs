namespace Supervisor.Protocol.Files;

/// <summary>One line of <c>events.jsonl</c>: what happened, and at which transcript offset.</summary>
public sealed record TranscriptEvent
{
    /// <summary><c>started resized exited gap freed</c>.</summary>
    public required string Type { get; init; }

    public required long Offset { get; init; }

    public required DateTime Timestamp { get; init; }

    public int? Attempt { get; init; }

    public int? Pid { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public int? Columns { get; init; }

    public int? Rows { get; init; }

    /// <summary>Of a <c>gap</c>: bytes the command printed that were not stored. Of <c>freed</c>: bytes given back to the disk.</summary>
    public long? Bytes { get; init; }

    public string? Reason { get; init; }

    /// <summary>The line. What does not concern this type of event is left out.</summary>
    public byte[] ToLine()
    {
        JsonText json = new JsonText().Add("type", Type).Add("offset", Offset).Add("timestamp", Timestamp);
        AddIfAny(json, "attempt", Attempt);
        AddIfAny(json, "pid", Pid);
        if (string.Equals(Type, "exited", StringComparison.Ordinal))
        {
            json.Add("exit_code", ExitCode).Add("signal", Signal);
        }

        AddIfAny(json, "columns", Columns);
        AddIfAny(json, "rows", Rows);
        AddIfAny(json, "bytes", Bytes);
        if (Reason is not null)
        {
            json.Add("reason", Reason);
        }

        return json.ToLine();
    }

    private static void AddIfAny(JsonText json, string name, long? value)
    {
        if (value is { } number)
        {
            json.Add(name, number);
        }
    }
}
