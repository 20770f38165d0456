using System.Globalization;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Doctor;

/// <summary>Where sessions are stored: whose it is, whether it can be written, and what its file system can do. Leaves nothing behind.</summary>
internal static class StateChecks
{
    private const long MiB = 1024 * 1024;

    /// <summary>Below this a build's output may not fit any more.</summary>
    private const long LittleSpace = 500 * MiB;

    /// <summary>Below this the ends of sessions are at risk.</summary>
    private const long NoSpace = 10 * MiB;

    private const uint PermissionBits = 0x1FF, OthersMask = 0x3F, OthersWriteMask = 0x12;
    private const int PageBytes = 4096;

    /// <summary>They hold files, but no sockets.</summary>
    private static readonly HashSet<string> WithoutSockets = new(
        ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "9p", "drvfs", "cifs", "smb2", "smb3", "smbfs"], StringComparer.OrdinalIgnoreCase);

    /// <returns>Whether the sessions can be looked at; and the checks.</returns>
    public static bool Run(StateRoot root, List<Check> checks)
    {
        // What is not there will be made inside the next folder above that is.
        string folder = root.Path;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }

        if (OtherOnTheWay(root.Path, folder) is { } other)
        {
            checks.Add(Check.Problem("state", $"{other} is not a folder", "move it away, or choose another folder with SUP_STATE_DIR"));
            return false;
        }

        bool exists = string.Equals(folder, root.Path, StringComparison.Ordinal);
        int fd = Io.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY);
        if (fd < 0)
        {
            checks.Add(Check.Problem("state", $"{folder} cannot be opened: {Errno.Text(Errno.Last)}", "choose another folder with SUP_STATE_DIR"));
            return false;
        }

        try
        {
            if (HoldsNoFiles(folder) is { } type)
            {
                checks.Add(Check.Problem("writable", $"{folder} is of type {type}, which holds no files", "choose another folder with SUP_STATE_DIR"));
                return false;
            }

            Check access = exists ? Access(root, fd) : Check.Ok("state", $"{root.Path}, made by the first run");
            checks.Add(access);
            checks.Add(Writable(folder, fd, out bool canPunch));
            FileSystem(folder, canPunch, checks);
            return exists && access.Status == CheckStatus.Ok;
        }
        finally
        {
            Libc.close(fd);
        }
    }

    /// <summary>The type of a file system that only shows what the system knows, as /proc does: it has no room at all.</summary>
    private static string? HoldsNoFiles(string folder)
    {
        DriveInfo drive = new(folder);
        return drive.TotalSize == 0 && drive.DriveFormat is "proc" or "sysfs" or "cgroupfs" or "cgroup2fs" or "devpts" or "securityfs" or "debugfs"
            ? drive.DriveFormat
            : null;
    }

    /// <summary>What stands where the first missing folder would have to be made.</summary>
    private static string? OtherOnTheWay(string path, string folder)
    {
        if (string.Equals(path, folder, StringComparison.Ordinal))
        {
            return null;
        }

        string rest = Path.GetRelativePath(folder, path);
        string next = Path.Combine(folder, rest.Split('/')[0]);
        return Io.StatAt(Libc.AT_FDCWD, next, followLink: false, out _) ? next : null;
    }

    private static Check Access(StateRoot root, int fd)
    {
        Io.Stat(fd, out StatX stat);
        if (stat.Uid != Libc.geteuid())
        {
            return Check.Problem("state", $"{root.Path} belongs to another user", "choose a folder of your own with SUP_STATE_DIR");
        }

        foreach (string path in new[] { root.Path, root.Sessions })
        {
            if (!Io.StatAt(Libc.AT_FDCWD, path, followLink: string.Equals(path, root.Path, StringComparison.Ordinal), out StatX part))
            {
                continue;
            }

            if (!part.IsDirectory || part.Uid != stat.Uid)
            {
                return Check.Problem("state", $"{path} is not a folder of yours", "move it away");
            }

            if ((part.Mode & OthersWriteMask) != 0)
            {
                return Check.Problem("state", $"others may write in {path}", $"chmod 700 {path}");
            }

            if ((part.Mode & OthersMask) != 0)
            {
                string mode = Convert.ToString((int)(part.Mode & PermissionBits), 8);
                return Check.Warning("state", $"{path} is open to others (mode {mode})", $"chmod 700 {path}");
            }
        }

        return Check.Ok("state", $"{root.Path}, yours alone");
    }

    /// <summary>Tries with a file that has no name (O_TMPFILE, open(2)), so that nobody ever sees it.</summary>
    private static unsafe Check Writable(string folder, int fd, out bool canPunch)
    {
        canPunch = true;
        int file = Io.OpenAt(fd, ".", Libc.O_TMPFILE | Libc.O_RDWR, OwnedFolder.FileMode);
        int error = Errno.Last;
        if (file < 0 && error is Errno.EOPNOTSUPP or Errno.EISDIR)
        {
            // No such files here: then rights have to do.
            byte here = (byte)'.';
            byte* path = stackalloc byte[] { here, 0 };
            error = Libc.faccessat(fd, path, Libc.W_OK | Libc.X_OK, Libc.AT_EACCESS) == 0 ? 0 : Errno.Last;
        }
        else if (file >= 0)
        {
            error = Io.WriteAll(file, new byte[2 * PageBytes]);
            canPunch = error != 0 || Libc.fallocate(file, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, 0, PageBytes) == 0;
            Libc.close(file);
        }

        return error == 0
            ? Check.Ok("writable", folder)
            : Check.Problem("writable", $"cannot write in {folder}: {Errno.Text(error)}", "runs go on without being recorded; make room, or choose another folder with SUP_STATE_DIR");
    }

    private static void FileSystem(string folder, bool canPunch, List<Check> checks)
    {
        DriveInfo drive = new(folder);
        long free = drive.AvailableFreeSpace;
        string space = $"{ByteSize.ForPeople(free)} free";
        const string MakeRoom = "make room there, remove old sessions (sup clean), or choose another folder with SUP_STATE_DIR";
        checks.Add(free < NoSpace ? Check.Problem("space", space, MakeRoom)
            : free < LittleSpace ? Check.Warning("space", space, MakeRoom)
            : Check.Ok("space", space));

        string type = drive.DriveFormat;
        checks.Add(canPunch
            ? Check.Ok("holes", $"{type}: old output can be given back to the disk")
            : Check.Warning("holes", string.Create(CultureInfo.InvariantCulture, $"{type} cannot free a part of a file: --max-output has no effect"), "choose a folder on ext4, xfs, btrfs or tmpfs with SUP_STATE_DIR"));
        checks.Add(WithoutSockets.Contains(type)
            ? Check.Warning("sockets", $"{type} holds no sockets: readers look at the files instead, which is slower", "choose a folder on ext4, xfs, btrfs or tmpfs with SUP_STATE_DIR")
            : Check.Ok("sockets", type));
    }
}
