using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>A session that was swept, as far as its line in the history tells.</summary>
internal static class ExpiredSession
{
    /// <summary>As a status that can stand in a table beside stored ones. What the line does not say is empty.</summary>
    public static SessionStatus Status(HistoryEntry entry) => new()
    {
        Id = SessionId.TryParse(entry.Id, out SessionId id) ? id : throw new ArgumentException(entry.Id, nameof(entry)),
        Path = "",
        State = SessionState.Expired,
        OutputBytes = entry.OutputBytes ?? 0,
        EndReason = entry.EndReason,
        LastSign = entry.EndedAt ?? entry.ExpiredAt,
        Meta = new SessionMeta
        {
            Id = entry.Id,
            Name = entry.Name,
            Command = entry.Command ?? [],
            WorkingDirectory = entry.WorkingDirectory,
            StartedAt = entry.StartedAt ?? entry.ExpiredAt,
            ScriptHash = entry.ScriptHash,
            SuccessCodes = entry.SuccessCodes ?? [0],
            RetentionSeconds = 0,
            TransportMode = "",
            MaxOutputBytes = 0,
            BootId = "",
            OwnerPid = 0,
            OwnerStartTime = 0,
            Host = "",
            Labels = entry.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal),
        },
        Final = new SessionFinal
        {
            Id = entry.Id,
            Attempt = entry.Attempt ?? 1,
            State = entry.Result ?? "lost",
            EndReason = entry.EndReason ?? "owner-lost",
            EndedAt = entry.EndedAt ?? entry.ExpiredAt,
            ExitCode = entry.ExitCode,
            Signal = entry.Signal,
            DurationSeconds = entry.DurationSeconds ?? 0,
            OutputBytes = entry.OutputBytes ?? 0,
        },
    };

    /// <summary>As JSON: what the line does not say is null.</summary>
    public static SessionAnswer Answer(HistoryEntry entry) => new()
    {
        Id = entry.Id,
        Name = entry.Name,
        State = SessionState.Expired.Word(),
        Command = entry.Command ?? [],
        WorkingDirectory = entry.WorkingDirectory,
        ScriptPath = entry.ScriptPath,
        ScriptHash = entry.ScriptHash,
        StartedAt = entry.StartedAt,
        EndedAt = entry.EndedAt,
        DurationSeconds = entry.DurationSeconds,
        ExitCode = entry.ExitCode,
        Signal = entry.Signal,
        EndReason = entry.EndReason,
        Result = entry.Result,
        ExpiredAt = entry.ExpiredAt,
        Error = entry.Error,
        RetentionSeconds = entry.RetentionSeconds,
        TransportMode = entry.TransportMode,
        TtyAttached = entry.TtyAttached,
        Terminal = entry.Terminal,
        SuccessCodes = entry.SuccessCodes ?? [],
        Attempt = entry.Attempt,
        Labels = entry.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal),
        Host = entry.Host,
        OutputBytes = entry.OutputBytes ?? 0,
        LostBytes = 0,
        Self = false,
        Path = null,
    };
}
