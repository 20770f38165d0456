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
