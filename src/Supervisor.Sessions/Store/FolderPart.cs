using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// The folder that a name such as <c>attempts/1.json</c> is in, opened without following a link, and its last part.
/// </summary>
internal readonly ref struct FolderPart
{
    private readonly bool _opened;

    public FolderPart(int folder, string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        Name = name[(slash + 1)..];
        Folder = folder;
        if (slash >= 0)
        {
            Folder = Io.OpenAt(folder, name[..slash], Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
            Error = Folder < 0 ? Errno.Last : 0;
            _opened = Folder >= 0;
        }
    }

    public int Folder { get; }

    public string Name { get; }

    /// <summary>0, or why the folder cannot be opened.</summary>
    public int Error { get; }

    public void Dispose()
    {
        if (_opened)
        {
            Libc.close(Folder);
        }
    }
}
