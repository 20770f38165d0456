using System.Globalization;
using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Files;

/// <summary><c>attempts/N.json</c>: one start of the command, claimed before the command is started.</summary>
public sealed record AttemptRecord
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required int Attempt { get; init; }

    public required DateTime ClaimedAt { get; init; }

    public int? Pid { get; init; }

    public long? PidStartTime { get; init; }

    public required string BootId { get; init; }

    public DateTime? StartedAt { get; init; }

    /// <summary>The transcript cursor of this attempt's first byte.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public required long StartCursor { get; init; }

    public DateTime? EndedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    /// <summary>The transcript cursor behind its last byte.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public long? EndCursor { get; init; }

    public string? Error { get; init; }

    /// <summary>What the file says. Fields that are not known are ignored.</summary>
    /// <returns>Null for what is no such file: torn, or without something that each must have.</returns>
    public static AttemptRecord? Read(ReadOnlySpan<byte> json)
    {
        string? schema = Schema.Version, bootId = null, signal = null, error = null;
        int? attempt = null, pid = null, exitCode = null;
        long? startTime = null, startCursor = null, endCursor = null;
        DateTime? claimedAt = null, startedAt = null, endedAt = null;

        JsonFields fields = new(json);
        while (fields.Next())
        {
            if (fields.Is("schema_version"u8))
            {
                schema = fields.Text();
            }
            else if (fields.Is("attempt"u8))
            {
                attempt = fields.Int();
            }
            else if (fields.Is("claimed_at"u8))
            {
                claimedAt = fields.Time();
            }
            else if (fields.Is("pid"u8))
            {
                pid = fields.Int();
            }
            else if (fields.Is("pid_start_time"u8))
            {
                startTime = fields.Long();
            }
            else if (fields.Is("boot_id"u8))
            {
                bootId = fields.Text();
            }
            else if (fields.Is("started_at"u8))
            {
                startedAt = fields.Time();
            }
            else if (fields.Is("start_cursor"u8))
            {
                startCursor = fields.Cursor();
            }
            else if (fields.Is("ended_at"u8))
            {
                endedAt = fields.Time();
            }
            else if (fields.Is("exit_code"u8))
            {
                exitCode = fields.Int();
            }
            else if (fields.Is("signal"u8))
            {
                signal = fields.Text();
            }
            else if (fields.Is("end_cursor"u8))
            {
                endCursor = fields.Cursor();
            }
            else if (fields.Is("error"u8))
            {
                error = fields.Text();
            }
        }

        if (!fields.IsValid || schema is null || attempt is null || claimedAt is null || bootId is null || startCursor is null)
        {
            return null;
        }

        return new AttemptRecord
        {
            SchemaVersion = schema,
            Attempt = attempt.Value,
            ClaimedAt = claimedAt.Value,
            Pid = pid,
            PidStartTime = startTime,
            BootId = bootId,
            StartedAt = startedAt,
            StartCursor = startCursor.Value,
            EndedAt = endedAt,
            ExitCode = exitCode,
            Signal = signal,
            EndCursor = endCursor,
            Error = error,
        };
    }

    /// <summary>The file's content.</summary>
    public byte[] ToLine() => new JsonText()
        .Add("schema_version", SchemaVersion)
        .Add("attempt", Attempt)
        .Add("claimed_at", ClaimedAt)
        .Add("pid", Pid)
        .Add("pid_start_time", PidStartTime)
        .Add("boot_id", BootId)
        .Add("started_at", StartedAt)
        .Add("start_cursor", StartCursor.ToString(CultureInfo.InvariantCulture))
        .Add("ended_at", EndedAt)
        .Add("exit_code", ExitCode)
        .Add("signal", Signal)
        .Add("end_cursor", EndCursor?.ToString(CultureInfo.InvariantCulture))
        .Add("error", Error)
        .ToLine();
}
