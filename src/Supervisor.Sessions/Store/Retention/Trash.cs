using System.Text;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>What emptying the trash gave back to the disk, and what it could not.</summary>
/// <param name="FreedBytes">Bytes on the disk.</param>
/// <param name="LeftEntries">Entries that could not be deleted; 0 when the trash is empty.</param>
public readonly record struct TrashResult(long FreedBytes, int LeftEntries);

/// <summary>
/// <c>trash/</c>, where removed sessions wait to be deleted, which takes long when they are large. Nothing is followed out of
/// it: links are deleted themselves, and what is mounted inside stays.
/// </summary>
public sealed class Trash(StateRoot stateRoot, TimeProvider time)
{
    internal const string Folder = "trash";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Deletes everything in it; any number may do so at once.</summary>
    /// <param name="progress">Told the bytes freed so far, after each entry.</param>
    /// <exception cref="Protocol.Errors.SupException">It is a link, or another user's.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public TrashResult Empty(Action<long>? progress = null) => Empty(only: null, progress);

    /// <summary>Deletes what one removed session left.</summary>
    internal TrashResult Delete(string entry) => Empty(entry, progress: null);

    /// <summary>The bytes that emptying it would give back to the disk.</summary>
    public long Size()
    {
        int trash = stateRoot.OpenForReading(Folder);
        long size = trash < 0 ? 0 : DiskUsage.Of(trash);
        Libc.close(trash);
        return size;
    }

    private TrashResult Empty(string? only, Action<long>? progress)
    {
        int root = stateRoot.OpenRoot(create: false);
        if (root < 0)
        {
            return default;
        }

        int trash = -1;
        try
        {
            trash = stateRoot.OpenOwn(root, Folder, create: false);
            return trash < 0 ? default : new Emptying(root, trash, time).Run(only, progress);
        }
        finally
        {
            if (trash >= 0)
            {
                Libc.close(trash);
            }

            Libc.close(root);
        }
    }

    private sealed class Emptying(int root, int trash, TimeProvider time)
    {
        /// <summary>NUL-terminated names in the trash.</summary>
        private readonly Queue<byte[]> _waiting = new();

        private long _freed;

        public TrashResult Run(string? only, Action<long>? progress)
        {
            int left = 0;
            if (only is not null)
            {
                _waiting.Enqueue(Io.Path(only));
                left = DeleteWaiting(progress);
            }
            else
            {
                using FolderReader entries = new(trash);
                while (entries.Next())
                {
                    _waiting.Enqueue(entries.RawName);
                    left += DeleteWaiting(progress);
                }
            }

            return new TrashResult(_freed, left);
        }

        /// <summary>Deletes what waits, and the subfolders that join it on the way. Returns how many entries are left.</summary>
        private int DeleteWaiting(Action<long>? progress)
        {
            int left = 0;
            while (_waiting.TryDequeue(out byte[]? name))
            {
                left += Delete(name) ? 0 : 1;
                progress?.Invoke(_freed);
            }

            return left;
        }

        private bool Delete(byte[] name)
        {
            int error = RemoveFile(trash, name);
            return error != Errno.EISDIR
                ? error is 0 or Errno.ENOENT
                : TrashName.TryParse(Encoding.UTF8.GetString(name, 0, name.Length - 1), out TrashName parsed) && !parsed.IsTold
                    ? DeleteUntold(name, parsed)
                    : DeleteFolder(name, keepEnd: false);
        }

        /// <summary>
        /// Whoever removed this session was killed, or had no room, before its line was in the history. The line first; where there
        /// is no room for it, the rest goes before what it is made of.
        /// </summary>
        private bool DeleteUntold(byte[] rawName, TrashName name)
        {
            using SessionFiles? files = SessionFiles.Open(trash, name.ToString(), name.Id, "", out _);
            int changeLock = files?.OpenLock() ?? -1;
            try
            {
                if (changeLock >= 0 && !OfdLock.TryTake(changeLock, Artifact.ChangeByte))
                {
                    // The one who moved it here is about to write the line, or another empties the trash too.
                    return false;
                }

                if (files is not null && !Tell(files, name))
                {
                    DeleteFolder(rawName, keepEnd: true);
                    if (!Tell(files, name))
                    {
                        return false;
                    }
                }

                string told = (name with { IsTold = true }).ToString();
                return Io.Rename(trash, rawName, trash, told) == Errno.ENOENT || DeleteFolder(Io.Path(told), keepEnd: false);
            }
            finally
            {
                if (changeLock >= 0)
                {
                    Libc.close(changeLock);
                }
            }
        }

        /// <summary>Writes the line, unless it is there.</summary>
        private bool Tell(SessionFiles files, TrashName name)
        {
            using HistoryFile? history = HistoryFile.Lock(root, Patience, out _);
            if (history is null)
            {
                return false;
            }

            SessionEnd stored = SessionEnd.Read(files);
            return history.Contains(name.Token)
                || history.Append(HistoryEntry.Line(
                    name.Id.Value, name.Token, stored.Meta, stored.Final, stored.LastSign(), time.GetUtcNow().UtcDateTime)) == 0;
        }

        /// <summary>
        /// Deletes a folder, or all of it but what its end can be told from. Its subfolders go to the top of the trash and wait there: so
        /// no depth is too deep, and no path too long.
        /// </summary>
        private bool DeleteFolder(byte[] rawName, bool keepEnd)
        {
            int folder = Io.OpenAt(trash, rawName, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
            if (folder < 0)
            {
                // An empty one goes even so.
                return Io.Remove(trash, rawName, Libc.AT_REMOVEDIR) is 0 or Errno.ENOENT;
            }

            using (FolderReader entries = new(folder))
            {
                while (entries.Next())
                {
                    if (keepEnd && entries.Name is Artifact.Meta or Artifact.Final or Artifact.Lock)
                    {
                        continue;
                    }

                    int error = RemoveFile(folder, entries.RawName);
                    if (error == Errno.EISDIR)
                    {
                        string hoisted = TrashName.Anonymous();
                        error = Io.Rename(folder, entries.RawName, trash, hoisted);
                        if (error == 0)
                        {
                            _waiting.Enqueue(Io.Path(hoisted));
                        }
                    }
                }
            }

            Libc.close(folder);
            return !keepEnd && Io.Remove(trash, rawName, Libc.AT_REMOVEDIR) is 0 or Errno.ENOENT;
        }

        /// <summary>0, or the errno; EISDIR for a folder.</summary>
        private int RemoveFile(int folder, byte[] name)
        {
            bool known = Io.StatAt(folder, name, followLink: false, out StatX stat);
            if (known && stat.IsDirectory)
            {
                return Errno.EISDIR;
            }

            int error = Io.Remove(folder, name, flags: 0);
            if (error == 0 && known && stat.LinkCount == 1)
            {
                _freed += (long)stat.Blocks * DiskUsage.Sector;
            }

            return error;
        }
    }
}
