using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
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

    private readonly int _folder;

    private SessionFiles(SessionId id, string path, int folder) => (Id, Path, _folder) = (id, path, folder);

    public SessionId Id { get; }

    public string Path { get; }

    /// <summary>Null when there is no such session.</summary>
    public static SessionFiles? Open(StateRoot root, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int sessions = root.OpenForReading("sessions");
        if (sessions < 0)
        {
            return null;
        }

        int folder = Io.OpenAt(sessions, id.Value, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        Libc.close(sessions);
        return folder < 0 ? null : new SessionFiles(id, System.IO.Path.Combine(root.Sessions, id.Value), folder);
    }

    public SessionMeta? ReadMeta() => Read(Artifact.Meta, FileJson.Default.SessionMeta);

    /// <summary>The session's end, if it is that of the attempt that <paramref name="meta"/> names.</summary>
    public SessionFinal? ReadFinal(SessionMeta? meta)
    {
        SessionFinal? final = Read(Artifact.Final, FileJson.Default.SessionFinal);
        return meta is null || final?.Attempt == meta.Attempt ? final : null;
    }

    public IReadOnlyList<AttemptRecord> ReadAttempts()
    {
        List<AttemptRecord> attempts = [];
        while (Read($"{Artifact.Attempts}/{attempts.Count + 1}.json", FileJson.Default.AttemptRecord) is { } attempt)
        {
            attempts.Add(attempt);
        }

        return attempts;
    }

    /// <summary>Whether an owner lives: it holds byte 0 of the lock for life, whatever pids say.</summary>
    public bool IsOwned()
    {
        int fd = OpenRegular(Artifact.Lock);
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

    /// <summary>A file's bytes; null when it cannot be read, is no regular file, or is larger than ours ever are.</summary>
    internal byte[]? ReadBytes(string name)
    {
        int fd = OpenRegular(name);
        if (fd < 0)
        {
            return null;
        }

        byte[]? bytes = Io.Stat(fd, out StatX stat) && stat.Size <= MaxJson ? new byte[stat.Size] : null;
        int length = 0;
        nint n = 0;
        while (bytes is not null && length < bytes.Length && (n = Io.Read(fd, bytes.AsSpan(length))) > 0)
        {
            length += (int)n;
        }

        Libc.close(fd);
        return n < 0 || bytes is null ? null : length == bytes.Length ? bytes : bytes[..length];
    }

    /// <summary>Opens the transcript's bytes for reading; null when there are none.</summary>
    public FileStream? OpenOutput()
    {
        int fd = OpenRegular(Artifact.Output);
        return fd < 0
            ? null
            : new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0);
    }

    /// <summary>Opens a regular file of the folder for reading; null when there is none.</summary>
    internal SafeFileHandle? OpenForReading(string name)
    {
        int fd = OpenRegular(name);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>The transcript's length and when it last grew.</summary>
    public (long Length, DateTime? LastOutput) OutputStatus()
    {
        using FileStream? output = OpenOutput();
        return output is null ? (0, null) : (output.Length, File.GetLastWriteTimeUtc(output.SafeFileHandle));
    }

    /// <summary>When the folder was last changed, for one that says nothing else.</summary>
    public DateTime ChangedAt => Directory.GetLastWriteTimeUtc(Path);

    public long ReadFloor()
    {
        int fd = OpenRegular(Artifact.Floor);
        if (fd < 0)
        {
            return 0;
        }

        Span<byte> text = stackalloc byte[32];
        nint n = Io.Read(fd, text);
        Libc.close(fd);
        return n > 0 ? Floor.Parse(text[..(int)n]) : 0;
    }

    private T? Read<T>(string name, JsonTypeInfo<T> type)
        where T : class
    {
        int fd = OpenRegular(name);
        if (fd < 0)
        {
            return null;
        }

        using FileStream file = new(
            new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        try
        {
            return file.Length > MaxJson ? null : JsonSerializer.Deserialize(file, type);
        }
        catch (JsonException)
        {
            // Not ours, or damaged: as good as missing, and the reader says so by what it then cannot tell.
            return null;
        }
    }

    private int OpenRegular(string name)
    {
        using FolderPart part = new(_folder, name);
        int fd = part.Error != 0 ? -1 : Io.OpenAt(part.Folder, part.Name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd >= 0 && !(Io.Stat(fd, out StatX stat) && stat.IsRegularFile))
        {
            Libc.close(fd);
            return -1;
        }

        return fd;
    }

    public void Dispose() => Libc.close(_folder);
}
