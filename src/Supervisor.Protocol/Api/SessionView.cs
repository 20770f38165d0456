using Supervisor.Protocol.Files;

namespace Supervisor.Protocol.Api;

/// <summary>A session as the control API describes it: fields of meta.json and final.json, and its state. Paths are those of the daemon's host.</summary>
public sealed record SessionView
{
    public static IReadOnlyDictionary<string, string> NoLabels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public required string Id { get; init; }

    public string? Name { get; init; }

    /// <summary>The word of a <see cref="SessionState"/>.</summary>
    public required string State { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    public string? ScriptHash { get; init; }

    public DateTime? StartedAt { get; init; }

    public DateTime? EndedAt { get; init; }

    public double? DurationSeconds { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public string? EndReason { get; init; }

    public string? Error { get; init; }

    public string? Terminal { get; init; }

    public string? TransportMode { get; init; }

    public string? Restart { get; init; }

    public double? SilenceAfterSeconds { get; init; }

    public int? Attempt { get; init; }

    public int? Pid { get; init; }

    public int? OwnerPid { get; init; }

    /// <summary><c>running</c> or <c>stopped</c>; null when the session has ended.</summary>
    public string? Owner { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoLabels;

    public string? Host { get; init; }

    public required long OutputBytes { get; init; }

    /// <summary>Of a live session: since it last printed, or started.</summary>
    public double? IdleSeconds { get; init; }
}

/// <summary><c>GET /v1/sessions</c></summary>
public sealed record SessionListAnswer
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required IReadOnlyList<SessionView> Sessions { get; init; }
}

/// <summary><c>GET /v1/sessions/{id}</c></summary>
public sealed record OneSessionAnswer
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required SessionView Session { get; init; }
}
