using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>What deleting a folder would give back to the disk: its files' blocks, in bytes, but not those of files that have another name, too.</summary>
internal static class DiskUsage
{
    /// <summary>The bytes that <c>st_blocks</c> counts in.</summary>
    public const int Sector = 512;

    /// <summary>Ours go two deep. What somebody put in below is not counted.</summary>
    private const int MaxDepth = 16;

    /// <param name="folder">The opened folder; stays the caller's. No link in it is followed.</param>
    public static long Of(int folder) => Of(folder, MaxDepth);

    private static long Of(int folder, int depth)
    {
        long size = 0;
        using FolderReader entries = new(folder);
        while (entries.Next())
        {
            if (!Io.StatAt(folder, entries.RawName, followLink: false, out StatX stat))
            {
                continue;
            }

            if (!stat.IsDirectory)
            {
                size += stat.LinkCount == 1 ? (long)stat.Blocks * Sector : 0;
            }
            else if (depth > 0 && Io.OpenAt(folder, entries.RawName, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW) is >= 0 and int below)
            {
                size += Of(below, depth - 1);
                Libc.close(below);
            }
        }

        return size;
    }
}
