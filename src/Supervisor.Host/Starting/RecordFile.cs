using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Starting;

/// <summary>Writes <c>daemon.json</c>.</summary>
internal static class RecordFile
{
    private const string Temporary = DaemonFiles.Record + ".new";

    /// <summary>
    /// Replaces it in one step, durably: a later daemon must know the epoch even after a power loss.
    /// </summary>
    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public static void Write(int root, DaemonRecord record)
    {
        int fd = Io.OpenAt(root, Temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW, OwnedFolder.FileMode);
        int error = fd < 0 ? Errno.Last : Io.WriteAll(fd, record.ToLine());
        error = error != 0 || Libc.fsync(fd) == 0 ? error : Errno.Last;
        if (fd >= 0)
        {
            Libc.close(fd);
        }

        error = error != 0 ? error : Io.Rename(root, Temporary, DaemonFiles.Record);
        if (error != 0)
        {
            Io.Unlink(root, Temporary);
            throw Errno.Exception($"cannot write {DaemonFiles.Record}", error);
        }
    }
}
