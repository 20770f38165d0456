using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// A session's folder as a reader sees it. Nothing is opened through a link, and only regular files are read, so neither
/// a planted link nor a FIFO leads or holds a reader anywhere.
/// </summary>
public sealed class SessionFiles : IDisposable
{
    private const int MaxJson = 4 * 1024 * 1024;

    /// <summary>What is read most is shorter.</summary>
    private const int SmallBytes = 4096;

    private static uint User => Libc.geteuid();

    private readonly int _folder;

    internal SessionFiles(SessionId id, string path, int folder) => (Id, Path, _folder) = (id, path, folder);

    private delegate T? Parser<T>(ReadOnlySpan<byte> content)
        where T : class;

    public SessionId Id { get; }

    public string Path { get; }

    /// <summary>Null when there is no such session.</summary>
    public static SessionFiles? Open(StateRoot root, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        using SessionsFolder? sessions = SessionsFolder.Open(root);
        return sessions?.Open(id, out _);
    }

    /// <summary>
    /// A session's folder under whatever name in an opened folder: <c>sessions/</c> or <c>trash/</c>. Null with the errno when it
    /// cannot be opened: a link never can, and what belongs to another user is not ours to judge.
    /// </summary>
    internal static SessionFiles? Open(int parent, string name, SessionId id, string path, out int error)
    {
        int folder = Io.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        error = folder < 0 ? Errno.Last : 0;
        if (folder >= 0 && !(Io.Stat(folder, out StatX stat) && stat.Uid == Libc.geteuid()))
        {
            Libc.close(folder);
            (folder, error) = (-1, Errno.EPERM);
        }

        return folder < 0 ? null : new SessionFiles(id, path, folder);
    }

    /// <summary>The opened folder; this object closes it.</summary>
    internal int Folder => _folder;

    public SessionMeta? ReadMeta() => Read(Artifact.Meta, static json => SessionMeta.Read(json));

    /// <summary>meta.json when it can hold this name; null without parsing it when it cannot.</summary>
    internal SessionMeta? ReadMetaNamed(string name)
    {
        byte[] wanted = Encoding.UTF8.GetBytes($"\"{name}\"");
        return Read(Artifact.Meta, json => json.IndexOf(wanted) < 0 ? null : SessionMeta.Read(json)) is { } meta
            && string.Equals(meta.Name, name, StringComparison.Ordinal) ? meta : null;
    }

    /// <summary>The session's end, if it is that of the attempt that <paramref name="meta"/> names.</summary>
    public SessionFinal? ReadFinal(SessionMeta? meta)
    {
        SessionFinal? final = Read(Artifact.Final, static json => SessionFinal.Read(json));
        return meta is null || final?.Attempt == meta.Attempt ? final : null;
    }

    /// <summary>All attempts in order. One that cannot be read is left out.</summary>
    public IReadOnlyList<AttemptRecord> ReadAttempts()
    {
        List<AttemptRecord> attempts = [];
        using FolderPart part = new(_folder, Artifact.Attempts + "/");
        if (part.Error != 0)
        {
            return attempts;
        }

        FolderEntries entries = new(part.Folder);
        while (entries.MoveNext())
        {
            string name = Encoding.UTF8.GetString(entries.Name);
            if (name.EndsWith(".json", StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(0, name.Length - 5), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && Read($"{Artifact.Attempts}/{name}", static json => AttemptRecord.Read(json)) is { } attempt
                && attempt.Attempt == number)
            {
                attempts.Add(attempt);
            }
        }

        attempts.Sort(static (a, b) => a.Attempt.CompareTo(b.Attempt));
        return attempts;
    }

    /// <summary>One attempt; null when its file is missing or damaged.</summary>
    public AttemptRecord? ReadAttempt(int number) =>
        Read(string.Create(CultureInfo.InvariantCulture, $"{Artifact.Attempts}/{number}.json"), static json => AttemptRecord.Read(json));

    /// <summary>Whether an owner lives: it holds byte 0 of the lock for life, whatever pids say.</summary>
    public bool IsOwned()
    {
        int fd = OpenRegular(Artifact.Lock, out _);
        if (fd < 0)
        {
            return false;
        }

        bool held = OfdLock.IsHeld(fd, Artifact.OwnerByte);
        Libc.close(fd);
        return held;
    }

    /// <summary>Connects to the owner. A descriptor, or minus the errno; EAGAIN when it takes nobody at the moment.</summary>
    internal int ConnectLive()
    {
        // Where the folder cannot hold a socket, meta.json says where it is.
        if (ReadMeta()?.Socket is not { } path)
        {
            return UnixSocket.Connect(_folder, LiveProtocol.SocketName);
        }

        int folder = Io.Open(System.IO.Path.GetDirectoryName(path) ?? "/", Libc.O_RDONLY | Libc.O_DIRECTORY);
        int fd = folder < 0 ? -Errno.Last : UnixSocket.Connect(folder, System.IO.Path.GetFileName(path));
        Libc.close(folder);
        return fd;
    }

    /// <summary>Opens the lock so that it can be taken; -1 when there is none.</summary>
    internal int OpenLock() => OpenRegular(Artifact.Lock, out _, Libc.O_RDWR);

    /// <summary>A file's bytes; null when it cannot be read, is no regular file, or is larger than ours ever are.</summary>
    internal byte[]? ReadBytes(string name) => Read(name, static content => content.ToArray());

    /// <summary>Whether the folder is gone. What was open of it can be read on.</summary>
    public bool IsDeleted => !Io.Stat(_folder, out StatX stat) || stat.LinkCount == 0;

    /// <summary>Whether it is the same folder, and not another one under the same name.</summary>
    internal bool IsSameFolder(SessionFiles other) => ReferenceEquals(this, other)
        || (Io.Stat(_folder, out StatX own) && Io.Stat(other._folder, out StatX its)
            && (own.Inode, own.DeviceMajor, own.DeviceMinor) == (its.Inode, its.DeviceMajor, its.DeviceMinor));

    /// <summary>Opens the transcript's bytes for reading; null when there are none.</summary>
    public FileStream? OpenOutput()
    {
        int fd = OpenRegular(Artifact.Output, out _);
        return fd < 0
            ? null
            : new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0);
    }

    /// <summary>Opens a regular file of the folder for reading; null when there is none.</summary>
    internal SafeFileHandle? OpenForReading(string name)
    {
        int fd = OpenRegular(name, out _);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Whether the session had ended, and no more happened to it, by <paramref name="time"/>. Reads no file.</summary>
    internal bool HadEndedBy(DateTime time) =>
        Io.StatAt(_folder, Artifact.Final, followLink: false, out StatX final) && final.Modified < time
        && Io.Stat(_folder, out StatX folder) && folder.Modified < time
        && (!Io.StatAt(_folder, Artifact.Events, followLink: false, out StatX events) || events.Modified < time);

    /// <summary>The transcript's length and when it last grew.</summary>
    public (long Length, DateTime? LastOutput) OutputStatus()
    {
        int fd = OpenRegular(Artifact.Output, out StatX stat);
        Libc.close(fd);
        return fd < 0 ? (0, null) : ((long)stat.Size, stat.Modified);
    }

    /// <summary>When the folder was last changed, for one that says nothing else.</summary>
    public DateTime ChangedAt => Io.Stat(_folder, out StatX stat) ? stat.Modified : DateTime.UnixEpoch;

    /// <summary>Whether there is something of that name, whatever it is.</summary>
    internal bool Has(string name) => Io.StatAt(_folder, name, followLink: false, out _);

    /// <summary>Why a file of JSON was not understood, in words; null when it is missing.</summary>
    internal string? Describe(string name)
    {
        string? schema = Read(name, static json => Schema.Of(json));
        return !Has(name) ? null
            : schema is not null && !string.Equals(schema, Schema.Version, StringComparison.Ordinal)
                ? $"{name} is of schema {schema}, which this version of sup does not know"
                : $"{name} is damaged";
    }

    public long ReadFloor()
    {
        int fd = OpenRegular(Artifact.Floor, out _);
        if (fd < 0)
        {
            return 0;
        }

        Span<byte> text = stackalloc byte[32];
        nint n = Io.Read(fd, text);
        Libc.close(fd);
        return n > 0 ? Floor.Parse(text[..(int)n]) : 0;
    }

    /// <summary>Opens a regular file of the user's own, for reading unless told; -1 for anything else. The caller closes it.</summary>
    internal int OpenRegular(string name, out StatX stat, int access = Libc.O_RDONLY)
    {
        stat = default;
        using FolderPart part = new(_folder, name);
        int fd = part.Error != 0 ? -1 : Io.OpenAt(part.Folder, part.Name, access | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd >= 0 && !(Io.Stat(fd, out stat) && stat.IsRegularFile && stat.Uid == User))
        {
            Libc.close(fd);
            return -1;
        }

        return fd;
    }

    /// <summary>Null for what is missing, not ours or damaged: the reader says so by what it then cannot tell.</summary>
    private T? Read<T>(string name, Parser<T> parse)
        where T : class
    {
        int fd = OpenRegular(name, out StatX stat);
        if (fd < 0)
        {
            return null;
        }

        Span<byte> content = stat.Size <= SmallBytes ? stackalloc byte[SmallBytes] : new byte[Math.Min(stat.Size, MaxJson)];
        int length = Io.ReadAt(fd, content, 0);
        Libc.close(fd);
        return stat.Size > MaxJson ? null : parse(content[..length]);
    }

    public void Dispose() => Libc.close(_folder);
}
