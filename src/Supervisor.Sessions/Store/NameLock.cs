using Supervisor.Protocol;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// A name, held by its live session: a lock on <c>names/NAME</c>. The file goes away with the session; its content is
/// the session's id.
/// </summary>
public sealed class NameLock : IDisposable
{
    private readonly int _folder;
    private readonly int _file;
    private readonly string _name;

    private NameLock(int folder, int file, string name) => (_folder, _file, _name) = (folder, file, name);

    /// <returns>Null when a live session holds the name.</returns>
    /// <exception cref="IOException">The file cannot be made; <see cref="Exception.HResult"/> is the errno.</exception>
    public static NameLock? TryTake(StateRoot root, SessionName name, SessionId id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int folder = root.OpenForWriting("names");
        while (true)
        {
            int file = Io.OpenAt(folder, name.Value, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW, OwnedFolder.FileMode);
            if (file < 0)
            {
                int error = Errno.Last;
                Libc.close(folder);
                throw Errno.Exception($"cannot hold the name {name}", error);
            }

            if (!OfdLock.TryTake(file, 0))
            {
                Libc.close(file);
                Libc.close(folder);
                return null;
            }

            // Its last holder may have removed the file between our open and our lock: then the lock holds nothing.
            if (Io.Stat(file, out StatX mine)
                && Io.StatAt(folder, name.Value, followLink: false, out StatX there)
                && mine.Inode == there.Inode)
            {
                Libc.ftruncate(file, 0);
                Io.WriteAll(file, System.Text.Encoding.ASCII.GetBytes(id.Value + "\n"));
                return new NameLock(folder, file, name.Value);
            }

            Libc.close(file);
        }
    }

    /// <summary>The session that holds the name, or held it last and was killed; null when the file names none.</summary>
    public static SessionId? Holder(StateRoot root, SessionName name)
    {
        ArgumentNullException.ThrowIfNull(root);
        int folder = root.OpenForReading("names");
        int file = folder < 0 ? -1 : Io.OpenAt(folder, name.Value, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        Span<byte> text = stackalloc byte[128];
        int length = file < 0 ? 0 : Io.ReadAt(file, text, 0);
        Libc.close(file);
        Libc.close(folder);
        return SessionId.TryParse(System.Text.Encoding.UTF8.GetString(text[..length]).TrimEnd('\n'), out SessionId id) ? id : null;
    }

    public void Dispose()
    {
        Io.Unlink(_folder, _name);
        Libc.close(_file);
        Libc.close(_folder);
    }
}
