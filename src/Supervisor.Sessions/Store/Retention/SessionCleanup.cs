using Supervisor.Protocol;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>Removes ended sessions because a person wants it, whatever time they have left.</summary>
public sealed class SessionCleanup(StateRoot stateRoot, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Why the last removal failed, in the system's words.</summary>
    public string? Problem { get; private set; }

    /// <summary>Removes one session, unless it is live. It goes to the trash; see <see cref="Trash.Empty"/>.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="remember">Whether its line stays in the history; else nothing of it does, and it is deleted at once.</param>
    /// <param name="freed">Bytes given back to the disk.</param>
    /// <returns>
    /// <see cref="CleanupReason.Expired"/> or <see cref="CleanupReason.UnreadableExpired"/> when it is gone, else why not;
    /// <see cref="CleanupReason.Gone"/> when somebody else was faster.
    /// </returns>
    public CleanupReason Remove(SessionId id, bool remember, out long freed)
    {
        freed = 0;
        Problem = null;
        int root = stateRoot.OpenRoot(create: false);
        int sessions = root < 0 ? -1 : stateRoot.OpenOwn(root, "sessions", create: false);
        if (sessions < 0)
        {
            return CleanupReason.Gone;
        }

        try
        {
            using SessionRemoval removal = new(stateRoot, root, sessions, time, Patience) { MayFreeFirst = true };
            using CleanupLog log = new(stateRoot, root, time);
            SessionEnd? stored = null;
            CleanupReason reason = removal.Remove(id, remember, (files, now) =>
            {
                stored = now;
                return SessionStatus.Of(files, time.GetUtcNow().UtcDateTime).State.IsLive() ? CleanupReason.ActiveSession
                    : now.IsReadable ? CleanupReason.Expired
                    : CleanupReason.UnreadableExpired;
            });
            Problem = removal.Error == 0 ? null : Errno.Text(removal.Error);
            if (reason.MeansRemove())
            {
                log.Removed(id, reason, stored);
                freed = remember || removal.Trashed is null ? 0 : new Trash(stateRoot, time).Delete(removal.Trashed).FreedBytes;
            }
            else if (reason is CleanupReason.RemoveError or CleanupReason.UnreadableStatError)
            {
                log.Failed(id, reason, removal.Error);
            }

            return reason;
        }
        finally
        {
            Libc.close(sessions);
            Libc.close(root);
        }
    }

    /// <summary>What removing a session gives back to the disk, in bytes.</summary>
    public static long SizeOf(SessionFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return DiskUsage.Of(files.Folder);
    }

    /// <summary>Whether a session's folder is another user's: then it is not ours to remove.</summary>
    public bool IsAnothers(SessionId id) =>
        Io.StatAt(Libc.AT_FDCWD, Path.Combine(stateRoot.Sessions, id.Value), followLink: false, out StatX stat) && stat.Uid != Libc.geteuid();
}
