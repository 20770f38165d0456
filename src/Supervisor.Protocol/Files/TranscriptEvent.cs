namespace Supervisor.Protocol.Files;

/// <summary>One line of <c>events.jsonl</c>: what happened, and at which transcript offset.</summary>
public sealed record TranscriptEvent
{
    /// <summary><c>started resized idle active exited gap freed</c>.</summary>
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

    /// <summary>What a line says. Fields that are not known are ignored.</summary>
    /// <returns>Null for what is no such line: torn, or without something that each must have.</returns>
    public static TranscriptEvent? Read(ReadOnlySpan<byte> json)
    {
        string? type = null, signal = null, reason = null;
        long? offset = null, bytes = null;
        int? attempt = null, pid = null, exitCode = null, columns = null, rows = null;
        DateTime? timestamp = null;

        JsonFields fields = new(json);
        while (fields.Next())
        {
            if (fields.Is("type"u8))
            {
                type = fields.Text();
            }
            else if (fields.Is("offset"u8))
            {
                offset = fields.Long();
            }
            else if (fields.Is("timestamp"u8))
            {
                timestamp = fields.Time();
            }
            else if (fields.Is("attempt"u8))
            {
                attempt = fields.Int();
            }
            else if (fields.Is("pid"u8))
            {
                pid = fields.Int();
            }
            else if (fields.Is("exit_code"u8))
            {
                exitCode = fields.Int();
            }
            else if (fields.Is("signal"u8))
            {
                signal = fields.Text();
            }
            else if (fields.Is("columns"u8))
            {
                columns = fields.Int();
            }
            else if (fields.Is("rows"u8))
            {
                rows = fields.Int();
            }
            else if (fields.Is("bytes"u8))
            {
                bytes = fields.Long();
            }
            else if (fields.Is("reason"u8))
            {
                reason = fields.Text();
            }
        }

        if (!fields.IsValid || type is null || offset is null || timestamp is null)
        {
            return null;
        }

        return new TranscriptEvent
        {
            Type = type,
            Offset = offset.Value,
            Timestamp = timestamp.Value,
            Attempt = attempt,
            Pid = pid,
            ExitCode = exitCode,
            Signal = signal,
            Columns = columns,
            Rows = rows,
            Bytes = bytes,
            Reason = reason,
        };
    }

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
