using System.Text.Json.Serialization;
using Supervisor.Protocol.Files;

namespace Supervisor.Cli.Output;

internal sealed record ErrorAnswer(ErrorBody Error);

internal sealed record ErrorBody(string Code, string Message, string? Hint);

internal sealed record SessionsAnswer(IReadOnlyList<SessionAnswer> Sessions)
{
    public string SchemaVersion { get; } = Schema.Version;
}

internal sealed record OneSessionAnswer(SessionAnswer Session)
{
    public string SchemaVersion { get; } = Schema.Version;
}

/// <summary>A session as <c>--json</c> gives it: the fields of meta.json and final.json, and what follows from them.</summary>
internal sealed record SessionAnswer
{
    public required string Id { get; init; }

    public string? Name { get; init; }

    public required string State { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    public string? ScriptPath { get; init; }

    public string? ScriptHash { get; init; }

    public DateTime? StartedAt { get; init; }

    public DateTime? EndedAt { get; init; }

    public double? DurationSeconds { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public string? EndReason { get; init; }

    public string? Error { get; init; }

    public long? RetentionSeconds { get; init; }

    public double? SilenceAfterSeconds { get; init; }

    public string? TransportMode { get; init; }

    public bool? TtyAttached { get; init; }

    public string? Terminal { get; init; }

    public bool? Streaming { get; init; }

    public string? Restart { get; init; }

    public IReadOnlyList<int> SuccessCodes { get; init; } = [];

    public bool? AllowInput { get; init; }

    public long? MaxOutputBytes { get; init; }

    public int? Attempt { get; init; }

    public IReadOnlyList<AttemptRecord> Attempts { get; init; } = [];

    public int? Pid { get; init; }

    public long? PidStartTime { get; init; }

    public string? BootId { get; init; }

    public int? OwnerPid { get; init; }

    public long? OwnerStartTime { get; init; }

    public string? Socket { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string? Host { get; init; }

    public required long OutputBytes { get; init; }

    public double? IdleSeconds { get; init; }

    public string? LastLine { get; init; }

    public required bool Self { get; init; }

    public IReadOnlyList<Survivor> Survivors { get; init; } = [];

    /// <summary>The session's folder.</summary>
    public required string Path { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(SessionsAnswer))]
[JsonSerializable(typeof(OneSessionAnswer))]
internal sealed partial class AnswerJson : JsonSerializerContext;
