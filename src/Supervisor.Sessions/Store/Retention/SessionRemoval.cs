using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// Takes sessions out of <c>sessions/</c>: under the lock's byte 1, with byte 0 seen free, and after a second look at the files. A
/// session is gone in one rename; then its line goes into the history. Killed in between, it stands in the trash without its
/// line: readers see it there, and whoever empties the trash writes the line first.
/// </summary>
internal sealed class SessionRemoval : IDisposable
{
    private readonly StateRoot _stateRoot;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private int _trash = -1;

    /// <param name="stateRoot">Where.</param>
    /// <param name="root">The opened root.</param>
    /// <param name="sessions">The opened <c>sessions/</c>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="patience">How long to wait for another writer of the history.</param>
    public SessionRemoval(StateRoot stateRoot, int root, int sessions, TimeProvider time, TimeSpan patience)
    {
        (_stateRoot, Root, Sessions, _time, _patience) = (stateRoot, root, sessions, time, patience);
    }

    public int Root { get; }

    public int Sessions { get; }

    /// <summary>What the system said when the last removal failed; 0 when nothing did.</summary>
    public int Error { get; private set; }

    /// <summary>
    /// Whether a session's output may be deleted where it stands when the disk is too full to make or fill the trash: a person who
    /// wants room gets it.
    /// </summary>
    public bool MayFreeFirst { get; init; }

    /// <summary>The last removed session's folder in the trash.</summary>
    public string? Trashed { get; private set; }

    /// <summary>Removes a session for which <paramref name="look"/> still says so, under its lock.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="remember">Whether a line of it stays in the history.</param>
    /// <param name="look">The verdict; a reason that does not mean removal leaves the session as it is.</param>
    public CleanupReason Remove(SessionId id, bool remember, Func<SessionFiles, SessionEnd, CleanupReason> look)
    {
        (Error, Trashed) = (0, null);
        using SessionFiles? files = SessionFiles.Open(Sessions, id.Value, id, Path.Combine(_stateRoot.Sessions, id.Value), out int error);
        if (files is null)
        {
            Error = error;
            return error == Errno.ENOENT ? CleanupReason.Gone : CleanupReason.UnreadableStatError;
        }

        // Without a lock nobody can own it: an owner makes the lock before anything else. It is not made here: that would
        // change the folder's time, which may be all there is to tell its age.
        int changeLock = files.OpenLock();
        try
        {
            if (changeLock >= 0)
            {
                if (!TakeChange(changeLock))
                {
                    return CleanupReason.ActiveSession;
                }

                if (!IsStillThere(id, changeLock))
                {
                    return CleanupReason.Gone;
                }

                if (OfdLock.IsHeld(changeLock, Artifact.OwnerByte))
                {
                    return CleanupReason.ActiveSession;
                }
            }

            // Again, now that nobody can change it: an owner may have ended, or begun and ended, since it was first looked at.
            SessionEnd stored = SessionEnd.Read(files);
            CleanupReason reason = look(files, stored);
            return reason.MeansRemove() ? MoveToTrash(files, remember, stored, reason) : reason;
        }
        finally
        {
            if (changeLock >= 0)
            {
                Libc.close(changeLock);
            }
        }
    }

    /// <summary>Whoever else changes the folder holds this for a moment only: two that clean at once wait for each other.</summary>
    private bool TakeChange(int changeLock)
    {
        long started = Stopwatch.GetTimestamp();
        bool taken;
        while (!(taken = OfdLock.TryTake(changeLock, Artifact.ChangeByte)) && Stopwatch.GetElapsedTime(started) < _patience)
        {
            Thread.Sleep(1);
        }

        return taken;
    }

    /// <summary>The folder may have been removed, and another of its name made, before the lock was taken.</summary>
    private bool IsStillThere(SessionId id, int changeLock) =>
        Io.Stat(changeLock, out StatX mine)
        && Io.StatAt(Sessions, id.Value + "/" + Artifact.Lock, followLink: false, out StatX there)
        && mine.Inode == there.Inode;

    private CleanupReason MoveToTrash(SessionFiles files, bool remember, SessionEnd stored, CleanupReason reason)
    {
        DateTime ended = stored.LastSign();
        SessionId id = files.Id;
        TrashName name = TrashName.New(id, told: !remember);
        int error = Move(id, name);
        if (MayFreeFirst && error is Errno.ENOSPC or Errno.EDQUOT)
        {
            Io.Unlink(files.Folder, Artifact.Output);
            Io.Unlink(files.Folder, Artifact.Index);
            error = Move(id, name);
        }

        if (error != 0)
        {
            Error = error;
            return error == Errno.ENOENT ? CleanupReason.Gone : CleanupReason.RemoveError;
        }

        if (remember)
        {
            using HistoryFile? history = HistoryFile.Lock(Root, _patience, out _);
            byte[] line = HistoryEntry.Line(id.Value, name.Token, stored.Meta, stored.Final, ended, _time.GetUtcNow().UtcDateTime);
            if (history is not null && history.Append(line) == 0)
            {
                string told = (name with { IsTold = true }).ToString();
                name = Io.Rename(_trash, name.ToString(), told) == 0 ? name with { IsTold = true } : name;
            }
        }

        Trashed = name.ToString();
        return reason;
    }

    private int Move(SessionId id, TrashName name)
    {
        int error = OpenTrash();
        return error != 0 ? error : Io.Rename(Sessions, Io.Path(id.Value), _trash, name.ToString());
    }

    private int OpenTrash()
    {
        if (_trash >= 0)
        {
            return 0;
        }

        try
        {
            _trash = _stateRoot.OpenOwn(Root, Trash.Folder, create: true);
            return 0;
        }
        catch (IOException e)
        {
            return e.HResult;
        }
        catch (Protocol.Errors.SupException)
        {
            // A link, or another's: nothing is moved there.
            return Errno.ENOTDIR;
        }
    }

    public void Dispose()
    {
        if (_trash >= 0)
        {
            Libc.close(_trash);
        }
    }
}
