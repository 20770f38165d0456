using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Files;

/// <summary>One line of <c>events.jsonl</c>: what happened, and at which transcript offset.</summary>
public sealed record TranscriptEvent
{
    /// <summary><c>started resized exited gap freed</c>.</summary>
    public required string Type { get; init; }

    public required long Offset { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Pid { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitCode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Signal { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Columns { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rows { get; init; }

    /// <summary>Of a <c>gap</c>: bytes the command printed that were not stored. Of <c>freed</c>: bytes given back to the disk.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}
