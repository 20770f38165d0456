using System.Globalization;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// Where a transcript begins to be readable. <c>--max-output</c> frees whole blocks below it in place; the file
/// <c>floor</c> is written first, and readers look at it again after reading, so zeros are never taken for output.
/// </summary>
internal sealed class Floor(OwnedFolder folder, long maxBytes)
{
    private const int Block = 4096;

    /// <summary>Frees this much more than it must, at most, so that a steady stream does not free block by block.</summary>
    private const long MaxStep = 4 * 1024 * 1024;

    public long Value { get; private set; } = folder.ReadSmall(Artifact.Floor) is { } text ? Parse(text) : 0;

    /// <summary>Whether a transcript ending at <paramref name="end"/> is over its limit.</summary>
    public bool IsOver(long end) => end - Value > maxBytes;

    /// <summary>Frees the oldest blocks of <paramref name="output"/>. Returns the bytes freed, or minus the errno.</summary>
    public long Raise(int output, long end)
    {
        long target = (end - maxBytes + Math.Min(maxBytes / 8, MaxStep)) / Block * Block;
        long freed = Math.Min(target, end / Block * Block) - Value;
        if (freed <= 0)
        {
            return 0;
        }

        // The file says it before the bytes go. When that cannot be written, nothing has changed.
        Write(Value + freed);
        if (Libc.fallocate(output, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, Value, freed) != 0)
        {
            int error = Errno.Last;
            Write(Value);
            return -error;
        }

        Value += freed;
        return freed;
    }

    private void Write(long floor) =>
        folder.WriteAtomically(Artifact.Floor, Encoding.ASCII.GetBytes(floor.ToString(CultureInfo.InvariantCulture) + "\n"));

    /// <summary>What the file <c>floor</c> says; 0 when that is no number.</summary>
    public static long Parse(ReadOnlySpan<byte> text) =>
        long.TryParse(Encoding.ASCII.GetString(text).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long floor)
            ? floor
            : 0;
}
