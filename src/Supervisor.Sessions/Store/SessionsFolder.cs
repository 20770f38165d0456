using System.Text;
using Supervisor.Protocol;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>The folder <c>sessions/</c>, open for reading, from which each session's own is opened.</summary>
internal sealed class SessionsFolder : IDisposable
{
    private readonly int _folder;
    private readonly string _path;

    private SessionsFolder(int folder, string path) => (_folder, _path) = (folder, path);

    /// <summary>Null when no session was ever made.</summary>
    /// <exception cref="IOException">It cannot be opened; <see cref="Exception.HResult"/> is the errno.</exception>
    public static SessionsFolder? Open(StateRoot root)
    {
        int folder = root.OpenForReading("sessions");
        return folder < 0 ? null : new SessionsFolder(folder, root.Sessions);
    }

    /// <summary>The ids of the folders in it that can be sessions, in no order. May be called once.</summary>
    public SessionId[] Ids()
    {
        // Gathered as strings: a list of values would be compiled at run time.
        List<string> names = [];
        FolderEntries entries = new(_folder);
        while (entries.MoveNext())
        {
            if (entries.MayBeFolder && entries.Name is not [(byte)'.', ..])
            {
                names.Add(Encoding.UTF8.GetString(entries.Name));
            }
        }

        names.RemoveAll(static name => !SessionId.TryParse(name, out _));
        SessionId[] ids = new SessionId[names.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = SessionId.TryParse(names[i], out SessionId id) ? id : throw new InvalidOperationException(names[i]);
        }

        return ids;
    }

    /// <summary>Null when there is no such session.</summary>
    /// <param name="id">Which.</param>
    /// <param name="error">0, or why it is null, as an errno.</param>
    public SessionFiles? Open(SessionId id, out int error)
    {
        int folder = Io.OpenAt(_folder, id.Value, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        error = folder < 0 ? Errno.Last : 0;
        return folder < 0 ? null : new SessionFiles(id, PathOf(id), folder);
    }

    public string PathOf(SessionId id) => Path.Combine(_path, id.Value);

    public void Dispose() => Libc.close(_folder);
}
