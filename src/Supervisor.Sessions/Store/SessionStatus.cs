using Supervisor.Protocol;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Store;

/// <summary>A session as its files and its lock tell it, at one moment.</summary>
public sealed record SessionStatus
{
    /// <summary>A folder without a meta.json is one that is being made, for this long.</summary>
    private static readonly TimeSpan CreationTime = TimeSpan.FromSeconds(10);

    public required SessionId Id { get; init; }

    public required string Path { get; init; }

    public required SessionState State { get; init; }

    /// <summary>Null when it cannot be read.</summary>
    public SessionMeta? Meta { get; init; }

    /// <summary>Null while it lives, and when its owner vanished.</summary>
    public SessionFinal? Final { get; init; }

    public required long OutputBytes { get; init; }

    /// <summary>When it printed last; null when it never did.</summary>
    public DateTime? LastOutput { get; init; }

    public DateTime StartedAt => Meta?.StartedAt ?? DateTime.MinValue;

    /// <summary>Reads the state. Writes nothing: what is lost is only said to be so.</summary>
    public static SessionStatus Of(SessionFiles files, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(files);
        SessionMeta? meta = files.ReadMeta();
        SessionFinal? final = files.ReadFinal(meta);
        bool owned = final is null && files.IsOwned();
        if (final is null && !owned)
        {
            // The owner may have ended between the two looks: it writes the end before it lets the lock go.
            bool hadMeta = meta is not null;
            meta = files.ReadMeta();
            final = files.ReadFinal(meta);

            // Or have begun: without a meta.json at first, the lock may have been looked at before it was taken.
            owned = final is null && !hadMeta && files.IsOwned();
        }

        (long length, DateTime? lastOutput) = files.OutputStatus();
        SessionState state = final is not null
            ? SessionStates.Parse(final.State) ?? SessionState.Lost
            : (owned ? LiveState(meta, lastOutput, now)
                : meta is null && now - files.ChangedAt < CreationTime ? SessionState.Starting
                : SessionState.Lost);
        return new SessionStatus
        {
            Id = files.Id,
            Path = files.Path,
            State = state,
            Meta = meta,
            Final = final,
            OutputBytes = length,
            LastOutput = length == 0 ? null : lastOutput,
        };
    }

    private static SessionState LiveState(SessionMeta? meta, DateTime? lastOutput, DateTime now)
    {
        if (meta?.Pid is null)
        {
            return SessionState.Starting;
        }

        DateTime active = lastOutput is { } last && last > meta.StartedAt ? last : meta.StartedAt;
        bool silent = meta.SilenceAfterSeconds > 0 && (now - active).TotalSeconds > meta.SilenceAfterSeconds;
        return silent ? SessionState.Idle : SessionState.Running;
    }
}
