using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Ownership;

/// <summary>Writes down the end of a session that has no owner any more and no end.</summary>
public static class AbandonedEnd
{
    /// <summary>The <c>end_reason</c> of what a person stopped.</summary>
    public const string UserStop = SessionEnding.UserStop;

    /// <summary>Whether the machine has been started again since the session's last owner began.</summary>
    public static bool IsOfAnotherBoot(SessionMeta meta)
    {
        ArgumentNullException.ThrowIfNull(meta);
        return !string.Equals(meta.BootId, ProcessIdentity.BootId, StringComparison.Ordinal);
    }

    /// <param name="root">The state root.</param>
    /// <param name="files">The session.</param>
    /// <param name="now">UTC.</param>
    /// <param name="reason">Why no attempt follows on one that has ended; null: that it was lost.</param>
    /// <returns>The end that counts; null while somebody owns the session, and when its meta.json cannot be read.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static SessionFinal? Write(StateRoot root, SessionFiles files, DateTime now, string? reason)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.ReadFinal(files.ReadMeta()) is { } final)
        {
            return final;
        }

        // Nobody can become its owner while it is held so.
        using OwnedFolder? folder = OwnedFolder.OpenEnded(root, files.Id);
        SessionMeta? meta = files.ReadMeta();
        if (folder is null || meta is null || files.ReadFinal(meta) is not null)
        {
            return folder is null || meta is null ? null : files.ReadFinal(meta);
        }

        AttemptRecord last = files.ReadAttempt(meta.Attempt) ?? new AttemptRecord
        {
            Attempt = meta.Attempt,
            ClaimedAt = meta.StartedAt,
            BootId = meta.BootId,
            StartCursor = 0,
        };
        bool rebooted = IsOfAnotherBoot(meta);
        bool ended = reason is not null && last.EndedAt is not null;
        SessionFinal written = SessionEnding.Final(
            meta,
            last with { EndedAt = ended ? last.EndedAt : now, EndCursor = files.OutputStatus().Length },
            ended ? SessionEnding.StateOf(last) : SessionState.Lost,
            ended || reason is UserStop ? reason : rebooted ? "reboot" : files.Has(Artifact.StopRequested) ? UserStop : "owner-lost",
            rebooted ? [] : Survivors.Of(meta, files.Path));
        folder.WriteAtomically(Artifact.Final, written.ToLine());
        return written;
    }
}
