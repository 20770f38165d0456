using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Store;

/// <summary>A session as its files, its lock and its processes tell it, at one moment.</summary>
public sealed record SessionStatus
{
    /// <summary>A folder without a meta.json is one that is being made, for this long.</summary>
    private static readonly TimeSpan CreationTime = TimeSpan.FromSeconds(10);

    /// <summary>How often a session may begin and end while it is looked at.</summary>
    private const int MaxLooks = 100;

    private const string Reboot = "reboot";
    private const string OwnerLost = "owner-lost";

    public required SessionId Id { get; init; }

    public required string Path { get; init; }

    public required SessionState State { get; init; }

    /// <summary>Null when it cannot be read.</summary>
    public SessionMeta? Meta { get; init; }

    /// <summary>Null while it lives, and when its owner vanished.</summary>
    public SessionFinal? Final { get; init; }

    /// <summary>The transcript's end cursor.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Of a live session: when it printed last, redraws after a resize not counted; null when it never did.</summary>
    public DateTime? LastOutput { get; init; }

    /// <summary>Of a live session: when it last did something, which is its output, or its start where there is none yet.</summary>
    public DateTime? LastActive { get; init; }

    /// <summary>Of a live session: its owner is stopped (Ctrl-Z), so that nothing is passed on or recorded at the moment.</summary>
    public bool IsOwnerStopped { get; init; }

    /// <summary>In <c>backoff</c>: when the next attempt is due, UTC; null where that is not known.</summary>
    public DateTime? NextAttemptAt { get; init; }

    /// <summary>In <c>backoff</c>: <c>daemon</c> where nothing goes on before there is one; else null.</summary>
    public string? WaitingFor { get; init; }

    /// <summary><c>exit</c>, <c>start-failed</c>, <c>owner-lost</c>, <c>reboot</c> …; null while it lives.</summary>
    public string? EndReason { get; init; }

    /// <summary>What is missing in the transcript; null when nothing is, and when it was not asked for.</summary>
    public RecordingGaps? Gaps { get; init; }

    /// <summary>What cannot be read or understood of it, in words.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Of an ended session: when it ended, or where nothing says so, when its output or its folder last changed.</summary>
    public DateTime LastSign { get; init; }

    public DateTime StartedAt => Meta?.StartedAt ?? DateTime.MinValue;

    /// <summary>Reads the state. Writes nothing: what is lost is only said to be so.</summary>
    public static SessionStatus Of(SessionFiles files, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(files);
        SessionMeta? meta = files.ReadMeta();
        SessionFinal? final = files.ReadFinal(meta);
        bool owned = final is null && files.IsOwned();
        for (int looks = 0; final is null && !owned && looks < MaxLooks; looks++)
        {
            // The owner may have ended between the two looks: it writes the end before it lets the lock go. Or a first owner may
            // have come, or another one with a new attempt: each writes meta.json after it took the lock.
            int? attempt = meta?.Attempt;
            meta = files.ReadMeta();
            final = files.ReadFinal(meta);
            if (final is null && meta?.Attempt == attempt && files.ReadMeta()?.Attempt == attempt)
            {
                // It named this attempt before and after final.json was looked at: no other one ended in between.
                break;
            }

            owned = final is null && files.IsOwned();
        }

        return final is not null ? Ended(files, meta, final)
            : owned ? Live(files, meta, now)
            : meta is { IsRestarted: true } ? Bare(files, meta, SessionState.Backoff) with { WaitingFor = "daemon" }
            : meta is null && (now - files.ChangedAt).Duration() < CreationTime ? Bare(files, meta, SessionState.Starting)
            : Lost(files, meta);
    }

    /// <summary>A session whose folder cannot be opened.</summary>
    internal static SessionStatus Unreadable(SessionId id, string path, string why) => new()
    {
        Id = id,
        Path = path,
        State = SessionState.Lost,
        OutputBytes = 0,
        Problems = [why],
    };

    private static SessionStatus Bare(SessionFiles files, SessionMeta? meta, SessionState state)
    {
        (long length, DateTime? written) = files.OutputStatus();
        return new SessionStatus
        {
            Id = files.Id,
            Path = files.Path,
            State = state,
            Meta = meta,
            OutputBytes = length,
            LastActive = state.IsLive() ? meta?.StartedAt : null,
            LastSign = written ?? files.ChangedAt,
            Problems = Unknown(files, meta, state),
        };
    }

    private static SessionStatus Ended(SessionFiles files, SessionMeta? meta, SessionFinal final)
    {
        SessionState state = SessionStates.Parse(final.State).GetValueOrDefault();
        bool known = !state.IsLive() && state != SessionState.Expired;
        List<string> problems = Unknown(files, meta, SessionState.Exited);
        return new SessionStatus
        {
            Id = files.Id,
            Path = files.Path,
            State = known ? state : SessionState.Lost,
            Meta = meta,
            Final = final,
            OutputBytes = final.OutputBytes,
            LastSign = final.EndedAt,
            EndReason = final.EndReason,
            Problems = known ? problems : [.. problems, $"{Artifact.Final} says that it ended as \"{final.State}\", which this version of sup does not know"],
        };
    }

    private static SessionStatus Lost(SessionFiles files, SessionMeta? meta) => Bare(files, meta, SessionState.Lost) with
    {
        EndReason = meta is { BootId.Length: > 0 } && ProcessIdentity.BootId.Length > 0 && !IsThisBoot(meta) ? Reboot : OwnerLost,
    };

    private static SessionStatus Live(SessionFiles files, SessionMeta? meta, DateTime now)
    {
        ProcStat? owner = meta is not null && IsThisBoot(meta)
            && ProcStat.Read(meta.OwnerPid) is { State: not ('Z' or 'X') } found && found.StartTime == meta.OwnerStartTime
            ? found
            : null;
        if (owner is null && !files.IsOwned())
        {
            // It was there a moment ago, when it held the lock.
            return Of(files, now);
        }

        bool stopped = owner is { State: 'T' or 't' };
        if (meta?.Pid is not { } pid)
        {
            // Under a restart policy one that could not be started may be tried again.
            bool failed = meta is { IsRestarted: true } && files.ReadAttempt(meta.Attempt) is { EndedAt: not null };
            return Bare(files, meta, failed ? SessionState.Backoff : SessionState.Starting) with { IsOwnerStopped = stopped };
        }

        // Only who sees the owner can see the command: elsewhere (another pid namespace, another machine) the lock has to do.
        bool dead = owner is not null && !(ProcStat.Read(pid) is { State: not ('Z' or 'X') } command && command.StartTime == meta.PidStartTime);
        if (dead && files.ReadFinal(meta) is { } final)
        {
            return Ended(files, meta, final);
        }

        (long length, DateTime? written) = files.OutputStatus();
        DateTime? output = length > 0 && written is { } time ? Activity.LastOutput(files, time) : null;
        DateTime start = meta.Attempt > 1 && files.ReadAttempt(meta.Attempt) is { } attempt ? attempt.StartedAt ?? attempt.ClaimedAt : meta.StartedAt;
        DateTime active = output is { } last && last > start ? last : start;
        bool silent = meta.SilenceAfterSeconds > 0 && (now - active).TotalSeconds > meta.SilenceAfterSeconds;
        return new SessionStatus
        {
            Id = files.Id,
            Path = files.Path,
            State = dead ? (meta.IsRestarted && files.ReadAttempt(meta.Attempt) is { EndedAt: not null } ? SessionState.Backoff : SessionState.Stopping) : silent ? SessionState.Idle : SessionState.Running,
            Meta = meta,
            OutputBytes = length,
            LastOutput = output,
            LastActive = active,
            IsOwnerStopped = stopped,
            Problems = Unknown(files, meta, SessionState.Running),
        };
    }

    private static bool IsThisBoot(SessionMeta meta) => string.Equals(meta.BootId, ProcessIdentity.BootId, StringComparison.Ordinal);

    private static List<string> Unknown(SessionFiles files, SessionMeta? meta, SessionState state)
    {
        List<string> problems = [];
        if (meta is null && files.ReadMeta() is null)
        {
            string? what = files.Describe(Artifact.Meta) ?? (state == SessionState.Starting ? null : $"{Artifact.Meta} is missing");
            if (what is not null)
            {
                problems.Add(what);
            }
        }
        else if (meta is not null && !string.Equals(meta.SchemaVersion, Schema.Version, StringComparison.Ordinal))
        {
            problems.Add($"{Artifact.Meta} is of schema {meta.SchemaVersion}, of which this version of sup knows only a part");
        }

        if (state == SessionState.Lost && files.ReadFinal(meta: null) is null && files.Describe(Artifact.Final) is { } final)
        {
            problems.Add(final);
        }

        return problems;
    }
}
