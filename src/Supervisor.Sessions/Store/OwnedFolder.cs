using System.Diagnostics;
using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// A session's folder in the hands of its one owner. Everything is opened relative to the folder and never through a
/// link, so nothing that someone plants inside can lead a write elsewhere.
/// </summary>
public sealed class OwnedFolder : IDisposable
{
    internal const uint FileMode = 0x180; // 0600
    private const uint FolderMode = 0x1C0; // 0700
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(1);

    private const string TemporarySuffix = ".new";
    private const int ReservedBytes = 4096;

    private readonly int _folder;
    private readonly int _lock;
    private int _reserved = -1;
    private string? _reservedName;

    private OwnedFolder(SessionId id, string path, int folder, int lockFile)
    {
        (Id, Path, _folder, _lock) = (id, path, folder, lockFile);
    }

    public SessionId Id { get; }

    public string Path { get; }

    /// <summary>Makes the folder, exclusively, and takes the owner's lock in it.</summary>
    /// <returns>Null when a folder of that id exists, whatever it holds; it is not touched.</returns>
    /// <exception cref="IOException">It cannot be made; <see cref="Exception.HResult"/> is the errno.</exception>
    /// <exception cref="SupException">The state root is not safe to use.</exception>
    public static OwnedFolder? Create(StateRoot root, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int sessions = root.OpenForWriting("sessions");
        try
        {
            string path = System.IO.Path.Combine(root.Sessions, id.Value);
            int error = Io.MakeDirectory(sessions, id.Value, FolderMode);
            if (error == Errno.EEXIST)
            {
                return null;
            }

            if (error != 0)
            {
                throw Errno.Exception($"cannot make {path}", error);
            }

            int folder = Io.OpenAt(sessions, id.Value, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
            if (folder < 0)
            {
                throw Errno.Exception($"cannot open {path}", Errno.Last);
            }

            int lockFile = -1;
            try
            {
                lockFile = TakeLock(sessions, id, folder, path);
                error = Io.MakeDirectory(folder, Artifact.Attempts, FolderMode);
                return error == 0
                    ? new OwnedFolder(id, path, folder, lockFile)
                    : throw Errno.Exception($"cannot make {path}/{Artifact.Attempts}", error);
            }
            catch
            {
                // Half a session would be taken for a lost one.
                Remove(folder, id.Value);
                Libc.close(folder);
                if (lockFile >= 0)
                {
                    Libc.close(lockFile);
                }

                throw;
            }
        }
        finally
        {
            Libc.close(sessions);
        }
    }

    /// <summary>Opens the folder of an ended session, whose owner the caller becomes.</summary>
    /// <returns>Null when there is no such folder.</returns>
    /// <exception cref="IOException">An owner holds it, or it cannot be opened; <see cref="Exception.HResult"/> is the errno.</exception>
    /// <exception cref="SupException">The state root is not safe to use.</exception>
    public static OwnedFolder? Reopen(StateRoot root, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int sessions = root.OpenForReading("sessions");
        if (sessions < 0)
        {
            return null;
        }

        int folder = Io.OpenAt(sessions, id.Value, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        try
        {
            string path = System.IO.Path.Combine(root.Sessions, id.Value);
            return folder < 0 ? null : new OwnedFolder(id, path, folder, TakeLock(sessions, id, folder, path));
        }
        catch
        {
            Libc.close(folder);
            throw;
        }
        finally
        {
            Libc.close(sessions);
        }
    }

    /// <summary>
    /// Opens the folder of a session that no owner holds, to change it: until this object is disposed of, no owner, no sweep and no
    /// other change can begin.
    /// </summary>
    /// <returns>Null when it is gone, or somebody holds it.</returns>
    /// <exception cref="SupException">The state root is not safe to use.</exception>
    /// <exception cref="IOException">The system does not let it be changed; <see cref="Exception.HResult"/> is the errno.</exception>
    public static OwnedFolder? OpenEnded(StateRoot root, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int sessions = root.OpenForReading("sessions");
        int folder = sessions < 0 ? -1 : Io.OpenAt(sessions, id.Value, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        int lockFile = folder < 0 ? -1 : Io.OpenAt(folder, Artifact.Lock, Libc.O_RDWR | Libc.O_NOFOLLOW);
        int error = sessions >= 0 && lockFile < 0 ? Errno.Last : 0;
        bool taken = lockFile >= 0 && WaitForChange(lockFile)
            && !OfdLock.IsHeld(lockFile, Artifact.OwnerByte) && IsThere(sessions, id, lockFile);
        Libc.close(sessions);
        if (taken)
        {
            return new OwnedFolder(id, System.IO.Path.Combine(root.Sessions, id.Value), folder, lockFile);
        }

        Libc.close(lockFile);
        Libc.close(folder);
        return error is 0 or Errno.ENOENT ? null : throw Errno.Exception($"cannot change {System.IO.Path.Combine(root.Sessions, id.Value)}", error);
    }

    /// <summary>Whether somebody removed the folder: what is written from then on, nobody can read.</summary>
    public bool IsDeleted => !Io.Stat(_lock, out StatX stat) || stat.LinkCount == 0;

    /// <summary>Whether a file of that name is there.</summary>
    public bool Holds(string name) => Io.StatAt(_folder, name, followLink: false, out _);

    /// <summary>The content of a small file; null when there is none that can be read.</summary>
    internal byte[]? ReadSmall(string name)
    {
        const int MaxLength = 1024 * 1024;
        return Holds(name) ? ReadTail(name, MaxLength) : null;
    }

    /// <summary>The last bytes of a file, at most so many; none of one that cannot be read.</summary>
    internal byte[] ReadTail(string name, int length)
    {
        using FolderPart part = new(_folder, name);
        int fd = part.Error != 0 ? -1 : Io.OpenAt(part.Folder, part.Name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd < 0)
        {
            return [];
        }

        byte[] tail = [];
        if (Io.Stat(fd, out StatX stat) && stat.IsRegularFile)
        {
            tail = new byte[(int)Math.Min(length, (long)stat.Size)];
            int read = Io.ReadAt(fd, tail, (long)stat.Size - tail.Length);
            tail = tail[..Math.Max(0, read)];
        }

        Libc.close(fd);
        return tail;
    }

    /// <summary>Removes the folder with all that is in it: it holds nothing that anybody could use. As far as that goes.</summary>
    public void Remove()
    {
        if (!IsDeleted)
        {
            Remove(_folder, Id.Value);
        }
    }

    private static void Remove(int folder, string name)
    {
        int attempts = Io.OpenAt(folder, Artifact.Attempts, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        if (attempts >= 0)
        {
            Empty(attempts);
            Libc.close(attempts);
            Io.RemoveDirectory(folder, Artifact.Attempts);
        }

        Empty(folder);
        int parent = Io.OpenAt(folder, "..", Libc.O_RDONLY | Libc.O_DIRECTORY);
        Io.RemoveDirectory(parent, name);
        Libc.close(parent);
    }

    private static void Empty(int folder)
    {
        foreach (string path in Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder}")))
        {
            Io.Unlink(folder, System.IO.Path.GetFileName(path));
        }
    }

    /// <summary>Replaces <paramref name="name"/> in one step: a reader sees the old file or the new one, whole.</summary>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public void WriteAtomically(string name, ReadOnlySpan<byte> content)
    {
        string temporary = name + TemporarySuffix;
        bool reserved = string.Equals(name, _reservedName, StringComparison.Ordinal);
        int fd = reserved ? _reserved : Open(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC);
        int error = Io.WriteAll(fd, content);
        if (reserved)
        {
            Libc.ftruncate(fd, content.Length);
            _reservedName = null;
        }

        Libc.close(fd);
        error = error != 0 ? error : Rename(temporary, name);
        if (error != 0)
        {
            Rename(temporary, null);
            throw Errno.Exception($"cannot write {System.IO.Path.Combine(Path, name)}", error);
        }
    }

    /// <summary>Makes a file that must not be there yet, and returns when it would outlive a power loss.</summary>
    /// <returns>False when there is one of that name; it is not touched.</returns>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public bool Claim(string name, ReadOnlySpan<byte> content)
    {
        using FolderPart part = new(_folder, name);
        int fd = part.Error != 0 ? -1 : Io.OpenAt(part.Folder, part.Name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW, FileMode);
        int error = part.Error != 0 ? part.Error : fd < 0 ? Errno.Last : 0;
        if (error == Errno.EEXIST)
        {
            return false;
        }

        if (error == 0)
        {
            error = Io.WriteAll(fd, content);
            error = error == 0 && (Libc.fsync(fd) != 0 || Libc.fsync(part.Folder) != 0) ? Errno.Last : error;
            Libc.close(fd);
            if (error != 0)
            {
                Io.Unlink(part.Folder, part.Name);
            }
        }

        return error == 0 ? true : throw Errno.Exception($"cannot write {System.IO.Path.Combine(Path, name)}", error);
    }

    /// <summary>
    /// Takes the disk space for <paramref name="name"/> now, so that it can be written even when the disk is full by then:
    /// how a session ended must not be lost with its output.
    /// </summary>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public void Reserve(string name)
    {
        _reserved = Open(name + TemporarySuffix, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC);
        _reservedName = name;

        // Where the file system cannot reserve, the write at the end has to take its chance.
        Libc.fallocate(_reserved, 0, 0, ReservedBytes);
    }

    /// <summary>Opens a file of the folder for appending, made if it is missing. The caller closes it.</summary>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    internal int OpenAppend(string name) => Open(name, Libc.O_RDWR | Libc.O_CREAT | Libc.O_APPEND);

    /// <summary>Binds the live socket and listens. The descriptor, or minus the errno.</summary>
    internal int Listen() => UnixSocket.Listen(_folder, LiveProtocol.SocketName);

    internal int OpenNew(string name) => Open(name, Libc.O_RDWR | Libc.O_CREAT | Libc.O_TRUNC);

    /// <summary>Renames a file, or with no new name removes it. 0 or the errno; both names are in one folder.</summary>
    internal int Rename(string from, string? to)
    {
        using FolderPart part = new(_folder, from);
        if (to is not null)
        {
            return part.Error != 0 ? part.Error : Io.Rename(part.Folder, part.Name, System.IO.Path.GetFileName(to));
        }

        Io.Unlink(part.Folder, part.Name);
        return 0;
    }

    private int Open(string name, int flags)
    {
        using FolderPart part = new(_folder, name);
        int fd = part.Error != 0 ? -1 : Io.OpenAt(part.Folder, part.Name, flags | Libc.O_NOFOLLOW, FileMode);
        int error = part.Error != 0 ? part.Error : Errno.Last;
        return fd >= 0 ? fd : throw Errno.Exception($"cannot open {System.IO.Path.Combine(Path, name)}", error);
    }

    /// <summary>
    /// Waits for byte 1, which someone who changes the folder may hold for a moment, then takes byte 0 for life, and
    /// looks whether the locked file is still the session's.
    /// </summary>
    private static int TakeLock(int sessions, SessionId id, int folder, string path)
    {
        int fd = Io.OpenAt(folder, Artifact.Lock, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW, FileMode);
        if (fd < 0)
        {
            throw Errno.Exception($"cannot open {path}/{Artifact.Lock}", Errno.Last);
        }

        WaitForChange(fd);
        bool taken = OfdLock.TryTake(fd, Artifact.OwnerByte) && IsThere(sessions, id, fd);
        OfdLock.Release(fd, Artifact.ChangeByte);
        if (!taken)
        {
            Libc.close(fd);
            throw Errno.Exception($"cannot lock {path}", Errno.EAGAIN);
        }

        return fd;
    }

    private static bool WaitForChange(int lockFile)
    {
        long started = Stopwatch.GetTimestamp();
        bool taken;
        while (!(taken = OfdLock.TryTake(lockFile, Artifact.ChangeByte)) && Stopwatch.GetElapsedTime(started) < ChangePatience)
        {
            Thread.Sleep(1);
        }

        return taken;
    }

    /// <summary>Whether the locked file is still the session's: a sweep may have moved its folder away.</summary>
    private static bool IsThere(int sessions, SessionId id, int lockFile) =>
        Io.Stat(lockFile, out StatX mine)
        && Io.StatAt(sessions, id.Value + "/" + Artifact.Lock, followLink: false, out StatX there)
        && mine.Inode == there.Inode;

    public void Dispose()
    {
        if (_reservedName is not null)
        {
            Libc.close(_reserved);
            Io.Unlink(_folder, _reservedName + TemporarySuffix);
        }

        Libc.close(_folder);
        Libc.close(_lock);
    }
}
