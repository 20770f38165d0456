using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// The one folder all of sup's state lives under: <c>$SUP_STATE_DIR</c>, else <c>$XDG_STATE_HOME/sup</c>, else
/// <c>~/.local/state/sup</c>. What is inside is 0700 and the user's own, checked each time.
/// </summary>
public sealed class StateRoot
{
    private const uint OwnerOnly = 0x1C0; // 0700
    private const uint OthersMask = 0x3F; // 0077
    private const uint OthersWriteMask = 0x12; // 0022

    private StateRoot(string path) => Path = path;

    public string Path { get; }

    public string Sessions => System.IO.Path.Combine(Path, "sessions");

    public string Names => System.IO.Path.Combine(Path, "names");

    /// <param name="environment">Looks up one environment variable; null when it is not set.</param>
    /// <exception cref="SupException">No variable names a folder.</exception>
    public static StateRoot Locate(Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        string? Folder(string variable) => environment(variable) is { Length: > 0 } value ? value : null;

        // The XDG base directory specification: a relative path in its variables is to be ignored.
        string? xdg = Folder("XDG_STATE_HOME") is { } x && System.IO.Path.IsPathRooted(x) ? x : null;
        string? path = Folder("SUP_STATE_DIR")
            ?? (xdg is null ? null : System.IO.Path.Combine(xdg, "sup"))
            ?? (Folder("HOME") is { } home ? System.IO.Path.Combine(home, ".local", "state", "sup") : null);
        return path is null
            ? throw new SupException(
                ErrorCode.UnsafeState, ExitCode.Failure, "cannot tell where sessions are kept: HOME is not set", "set SUP_STATE_DIR")
            : new StateRoot(Absolute(path));
    }

    private static string Absolute(string path)
    {
        try
        {
            return System.IO.Path.GetFullPath(path);
        }
        catch (IOException e)
        {
            // A relative path in a working directory that was deleted.
            throw new SupException(
                ErrorCode.UnsafeState, ExitCode.Failure, $"cannot tell where {path} is: the current folder is gone", "give an absolute path", e);
        }
    }

    /// <summary>
    /// Opens <c>sessions/</c> (or another folder of the root), made on the way. The caller closes the descriptor.
    /// </summary>
    /// <exception cref="SupException">The folder belongs to someone else, or others may write in it.</exception>
    /// <exception cref="IOException">It cannot be made or opened; <see cref="Exception.HResult"/> is the errno.</exception>
    internal int OpenForWriting(string folder)
    {
        int root = OpenRoot(create: true);
        try
        {
            return OpenOwn(root, folder, create: true);
        }
        finally
        {
            Libc.close(root);
        }
    }

    /// <summary>The same for reading: -1 when nothing is there yet.</summary>
    internal int OpenForReading(string folder)
    {
        int root = OpenRoot(create: false);
        if (root < 0)
        {
            return -1;
        }

        try
        {
            return OpenOwn(root, folder, create: false);
        }
        finally
        {
            Libc.close(root);
        }
    }

    /// <summary>Opens the root itself; -1 when it is not there and not to be made. The caller closes the descriptor.</summary>
    internal int OpenRoot(bool create)
    {
        int fd = Io.Open(Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        if (fd < 0 && Errno.Last == Errno.ENOENT)
        {
            if (!create)
            {
                return -1;
            }

            Make();
            fd = Io.Open(Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        }

        if (fd < 0)
        {
            throw Errno.Exception($"cannot open the state folder {Path}", Errno.Last);
        }

        Io.Stat(fd, out StatX stat);
        if (stat.Uid != Libc.geteuid())
        {
            Libc.close(fd);
            throw Unsafe(Path, "it belongs to another user", "choose a folder of your own with SUP_STATE_DIR");
        }

        if ((stat.Mode & OthersMask) != 0 && IsOursAlone(fd))
        {
            Libc.fchmod(fd, OwnerOnly);
        }
        else if ((stat.Mode & OthersWriteMask) != 0)
        {
            Libc.close(fd);
            throw Unsafe(Path, "others may write in it", $"chmod go-w {Path}, or choose another with SUP_STATE_DIR");
        }

        return fd;
    }

    /// <summary>An empty folder, or one that holds our sessions: only such a one may be closed to others by us.</summary>
    private static bool IsOursAlone(int root) =>
        Io.StatAt(root, "sessions", followLink: false, out _)
        || !Directory.EnumerateFileSystemEntries($"/proc/self/fd/{root}").Any();

    private void Make()
    {
        // The XDG base directory specification: folders made on the way are the user's alone, too.
        int error = Errno.ENOENT;
        for (int slash = Path.IndexOf('/', 1); error is Errno.ENOENT or Errno.EEXIST or 0; slash = Path.IndexOf('/', slash + 1))
        {
            error = Io.MakeDirectory(Libc.AT_FDCWD, slash < 0 ? Path : Path[..slash], OwnerOnly);
            if (slash < 0)
            {
                break;
            }
        }

        if (error is not (0 or Errno.EEXIST))
        {
            throw Errno.Exception($"cannot make the state folder {Path}", error);
        }
    }

    /// <summary>Opens a folder of the opened root, as <see cref="OpenRoot"/> does.</summary>
    internal int OpenOwn(int root, string folder, bool create)
    {
        int flags = Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW;
        int fd = Io.OpenAt(root, folder, flags);
        if (fd < 0 && Errno.Last == Errno.ENOENT)
        {
            if (!create)
            {
                return -1;
            }

            int made = Io.MakeDirectory(root, folder, OwnerOnly);
            if (made is not (0 or Errno.EEXIST))
            {
                throw Errno.Exception($"cannot make {System.IO.Path.Combine(Path, folder)}", made);
            }

            fd = Io.OpenAt(root, folder, flags);
        }

        string path = System.IO.Path.Combine(Path, folder);
        if (fd < 0)
        {
            int error = Errno.Last;
            throw error is Errno.ELOOP or Errno.ENOTDIR
                ? Unsafe(path, "it is not a folder of its own", "move it away")
                : Errno.Exception($"cannot open {path}", error);
        }

        Io.Stat(fd, out StatX stat);
        if (stat.Uid != Libc.geteuid())
        {
            Libc.close(fd);
            throw Unsafe(path, "it belongs to another user", "move it away");
        }

        if ((stat.Mode & OthersMask) != 0)
        {
            Libc.fchmod(fd, OwnerOnly);
        }

        return fd;
    }

    private static SupException Unsafe(string path, string why, string hint) =>
        new(ErrorCode.UnsafeState, ExitCode.Failure, $"will not use the state folder {path}: {why}", hint);
}
