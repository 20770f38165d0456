using System.Globalization;
using System.Text.Json.Serialization;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Output;

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

    /// <summary>The state in which an ended session ended; of one that expired, too.</summary>
    public string? Result { get; init; }

    /// <summary>When it was swept.</summary>
    public DateTime? ExpiredAt { get; init; }

    public string? Error { get; init; }

    public long? RetentionSeconds { get; init; }

    public double? SilenceAfterSeconds { get; init; }

    public string? TransportMode { get; init; }

    public bool? TtyAttached { get; init; }

    public string? Terminal { get; init; }

    public bool? Streaming { get; init; }

    public string? Restart { get; init; }

    public IReadOnlyList<int> SuccessCodes { get; init; } = [];

    /// <summary>In back-off: when the next attempt is due; null while that is not known.</summary>
    public DateTime? NextAttemptAt { get; init; }

    /// <summary>In back-off: <c>daemon</c> where nothing goes on before there is one.</summary>
    public string? WaitingFor { get; init; }

    public bool? AllowInput { get; init; }

    public long? MaxOutputBytes { get; init; }

    public int? Attempt { get; init; }

    public IReadOnlyList<AttemptRecord> Attempts { get; init; } = [];

    public int? Pid { get; init; }

    public long? PidStartTime { get; init; }

    public string? BootId { get; init; }

    public int? OwnerPid { get; init; }

    public long? OwnerStartTime { get; init; }

    /// <summary><c>running</c> or <c>stopped</c>; null when the session has ended.</summary>
    public string? Owner { get; init; }

    public string? Socket { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string? Host { get; init; }

    public required long OutputBytes { get; init; }

    /// <summary>The cursor of the first byte that is still stored, once <c>--max-output</c> freed what was before it.</summary>
    public string? Floor { get; init; }

    /// <summary>How many bytes it freed; they count in <see cref="OutputBytes"/>.</summary>
    public long FreedBytes { get; init; }

    /// <summary>How many bytes of output could not be stored, as far as the files know.</summary>
    public required long LostBytes { get; init; }

    /// <summary>Of a live session: since it last printed, or started.</summary>
    public double? IdleSeconds { get; init; }

    public string? LastLine { get; init; }

    public required bool Self { get; init; }

    public IReadOnlyList<Survivor> Survivors { get; init; } = [];

    /// <summary>What is wrong with the session or with what is kept of it, in words.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The session's folder; null for one that expired.</summary>
    public required string? Path { get; init; }

    /// <param name="status">With its gaps.</param>
    /// <param name="files">Its folder; null when it cannot be opened any more.</param>
    /// <param name="now">The time.</param>
    public static SessionAnswer Of(SessionStatus status, SessionFiles? files, DateTime now)
    {
        SessionMeta? meta = status.Meta;
        SessionFinal? final = status.Final;
        bool live = status.State.IsLive();
        long? floor = files?.ReadFloor();
        IReadOnlyList<string> lines = files is null ? [] : LastLines.Of(files, 1);
        return new SessionAnswer
        {
            Id = status.Id.Value,
            Name = meta?.Name,
            State = status.State.Word(),
            Command = meta?.Command ?? [],
            WorkingDirectory = meta?.WorkingDirectory,
            ScriptPath = meta?.ScriptPath,
            ScriptHash = meta?.ScriptHash,
            StartedAt = meta?.StartedAt,
            EndedAt = final?.EndedAt,
            DurationSeconds = final?.DurationSeconds,
            ExitCode = final?.ExitCode,
            Signal = final?.Signal,
            EndReason = status.EndReason,
            Result = live ? null : status.State.Word(),
            Error = final?.Error,
            RetentionSeconds = meta?.RetentionSeconds,
            SilenceAfterSeconds = meta?.SilenceAfterSeconds,
            TransportMode = meta?.TransportMode,
            TtyAttached = meta?.TtyAttached,
            Terminal = meta?.Terminal,
            Streaming = meta?.Streaming,
            Restart = meta?.Restart,
            SuccessCodes = meta?.SuccessCodes ?? [],
            NextAttemptAt = status.NextAttemptAt,
            WaitingFor = status.WaitingFor,
            AllowInput = meta?.AllowInput,
            MaxOutputBytes = meta?.MaxOutputBytes,
            Attempt = meta?.Attempt,
            Attempts = files?.ReadAttempts() ?? [],
            Pid = status.State == SessionState.Backoff ? null : meta?.Pid,
            PidStartTime = status.State == SessionState.Backoff ? null : meta?.PidStartTime,
            BootId = meta?.BootId,
            OwnerPid = meta?.OwnerPid,
            OwnerStartTime = meta?.OwnerStartTime,
            Owner = !live ? null : status.IsOwnerStopped ? "stopped" : "running",
            Socket = meta?.Socket,
            Labels = meta?.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal),
            Host = meta?.Host,
            OutputBytes = status.OutputBytes,
            Floor = floor?.ToString(CultureInfo.InvariantCulture),
            FreedBytes = floor ?? 0,
            LostBytes = status.Gaps?.Bytes ?? 0,
            IdleSeconds = status.LastActive is { } since ? Math.Max(0, (now - since).TotalSeconds) : null,
            LastLine = lines.Count > 0 ? lines[^1] : null,
            Self = OwnSession.Current.Is(status.Id, meta),
            Survivors = final?.Survivors
                ?? (status.State == SessionState.Lost && meta is not null ? Sessions.Processes.Survivors.Of(meta, status.Path) : []),
            Problems = SessionText.Problems(status),
            Path = status.Path,
        };
    }
}

/// <summary>A list of sessions.</summary>
internal sealed record SessionsAnswer(IReadOnlyList<SessionAnswer> Sessions)
{
    public string SchemaVersion { get; } = Schema.Version;
}

/// <summary>One session.</summary>
internal sealed record OneSessionAnswer(SessionAnswer Session)
{
    public string SchemaVersion { get; } = Schema.Version;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SessionsAnswer))]
[JsonSerializable(typeof(OneSessionAnswer))]
internal sealed partial class SessionJson : JsonSerializerContext;
