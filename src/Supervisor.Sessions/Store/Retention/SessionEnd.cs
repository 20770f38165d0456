using System.Diagnostics;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// What a session's files say of its end, and whether its time is over. Read without anything that .NET would have to compile
/// first, because every <c>sup run</c> does it.
/// </summary>
internal sealed class SessionEnd
{
    private static readonly TimeSpan DefaultRetention = TimeSpan.FromHours(24);

    private readonly SessionFiles _files;
    private readonly byte[] _meta;
    private readonly byte[] _final;

    private SessionEnd(SessionFiles files, byte[]? meta, byte[]? final)
    {
        _files = files;
        _meta = meta ?? [];
        IsReadable = RawFields.TryParse(_meta, out RawFields fields) && fields.Integer("retention_seconds"u8) is not null;
        _meta = IsReadable ? _meta : [];

        // It counts only for the attempt that meta.json names.
        _final = final ?? [];
        bool counts = RawFields.TryParse(_final, out RawFields end)
            && (!IsReadable || (end.Integer("attempt"u8) ?? 1) == (fields.Integer("attempt"u8) ?? 1));
        EndedAt = counts && Timestamp.TryParse(end.Plain("ended_at"u8), out DateTime ended) ? ended : null;
        _final = EndedAt is null ? [] : _final;
    }

    /// <summary>Whether there is a meta.json that says how long to keep it.</summary>
    public bool IsReadable { get; }

    /// <summary>When it ended; null when no final.json that counts says so.</summary>
    public DateTime? EndedAt { get; }

    public RawFields Meta => RawFields.TryParse(_meta, out RawFields fields) ? fields : default;

    public RawFields Final => RawFields.TryParse(_final, out RawFields fields) ? fields : default;

    /// <summary>Reads meta.json and final.json.</summary>
    public static SessionEnd Read(SessionFiles files) => new(files, files.ReadBytes(Artifact.Meta), files.ReadBytes(Artifact.Final));

    /// <summary>Whether its time is over.</summary>
    /// <param name="now">The present, UTC.</param>
    /// <param name="deadline">The time stamp at which looking into an unreadable folder is given up; 0 for never.</param>
    public CleanupReason Decide(DateTime now, long deadline)
    {
        if (!IsReadable)
        {
            DateTime oldest = now - DefaultRetention;
            return !TryNewest(oldest, deadline, out DateTime newest, out CleanupReason why) ? why
                : newest > oldest ? CleanupReason.UnreadableNotExpired
                : CleanupReason.UnreadableExpired;
        }

        long seconds = Meta.Integer("retention_seconds"u8) ?? 0;
        TimeSpan retention = seconds is > 0 and < 100L * 366 * 86_400 ? TimeSpan.FromSeconds(seconds) : DefaultRetention;
        if (EndedAt is { } ended)
        {
            return ended > now - retention ? CleanupReason.NotExpired : CleanupReason.Expired;
        }

        // Without an end it lives, waits for a restart, or is lost: then it ended when it last showed any sign of life.
        if (_files.IsOwned() || (Meta.Plain("restart"u8) ?? "no") is not "no")
        {
            return CleanupReason.ActiveSession;
        }

        return !TryNewest(now - retention, deadline, out DateTime last, out CleanupReason problem) ? problem
            : last > now - retention ? CleanupReason.NotExpired
            : CleanupReason.Expired;
    }

    /// <summary>
    /// When it ended; for a session without an end, when something in its folder last changed, and at the earliest when it started.
    /// </summary>
    public DateTime LastSign()
    {
        if (EndedAt is { } ended)
        {
            return ended;
        }

        TryNewest(DateTime.MaxValue, deadline: 0, out DateTime newest, out _);
        return Timestamp.TryParse(Meta.Plain("started_at"u8), out DateTime started) && started > newest ? started : newest;
    }

    /// <summary>
    /// The newest change of the folder and of what is directly in it. It ends early at one after <paramref name="enough"/>. False,
    /// with the reason, when it cannot be told.
    /// </summary>
    private bool TryNewest(DateTime enough, long deadline, out DateTime newest, out CleanupReason why)
    {
        newest = DateTime.MinValue;
        why = CleanupReason.UnreadableStatError;
        if (!Io.Stat(_files.Folder, out StatX folder))
        {
            return false;
        }

        newest = folder.Modified;
        using FolderReader entries = new(_files.Folder);
        while (newest <= enough && entries.Next())
        {
            if (deadline != 0 && Stopwatch.GetTimestamp() > deadline)
            {
                why = CleanupReason.Undecided;
                return false;
            }

            if (Io.StatAt(_files.Folder, entries.RawName, followLink: false, out StatX entry) && entry.Modified > newest)
            {
                newest = entry.Modified;
            }
        }

        return entries.Error == 0;
    }
}
