using Microsoft.Win32.SafeHandles;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>Where a file with holes has data (lseek(2), SEEK_DATA).</summary>
internal static class SparseFile
{
    /// <summary>Smaller pieces are simply read.</summary>
    private const long Grain = 64 * 1024;

    /// <summary>
    /// A cursor between <paramref name="from"/> and <paramref name="to"/> behind which, up to there, is nothing but a hole, and before which
    /// there is data close by; <paramref name="from"/> when all is a hole, <paramref name="to"/> where the file system cannot tell.
    /// </summary>
    public static long DataEnd(SafeFileHandle file, long from, long to)
    {
        if (HasData(file, Math.Max(from, to - Grain), to))
        {
            return to;
        }

        long high = Math.Max(from, to - Grain);
        if (!HasData(file, from, high))
        {
            return from;
        }

        // There is data at or behind low, and none at or behind high.
        long low = from;
        while (high - low > Grain)
        {
            long middle = low + ((high - low) / 2);
            if (HasData(file, middle, high))
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }

    private static bool HasData(SafeFileHandle file, long from, long to)
    {
        if (from >= to)
        {
            return false;
        }

        long data = Libc.lseek((int)file.DangerousGetHandle(), from, Libc.SEEK_DATA);
        return data >= 0 ? data < to : Errno.Last != Errno.ENXIO;
    }
}
