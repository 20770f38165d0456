using Microsoft.Win32.SafeHandles;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>Finds the last lines of one channel: of the others' bytes it reads only the index.</summary>
internal static class ChannelTail
{
    /// <summary>How much of the transcript is looked at in one step back.</summary>
    private const int StepBytes = 1024 * 1024;

    private const int BlockBytes = 64 * 1024;

    /// <summary>The cursor of the first byte of those lines.</summary>
    public static long LastLines(SafeFileHandle output, IndexFile? index, Channel channel, long floor, long end, int lines)
    {
        byte[] block = new byte[BlockBytes];
        List<TranscriptChunk> windows = [];
        long first = end;
        int found = 0;
        for (long high = end; high > floor;)
        {
            long low = Math.Max(floor, high - StepBytes);
            windows.Clear();
            WindowMap map = new(index, low, high, default);
            while (map.Next())
            {
                if (map.Channel == channel)
                {
                    windows.Add(new TranscriptChunk(channel, map.Start, map.End, map.Timestamp, default));
                }
            }

            for (int i = windows.Count - 1; i >= 0; i--)
            {
                if (Search(output, windows[i], block, lines, ref found, ref first, end))
                {
                    return first;
                }
            }

            high = low;
        }

        return first;
    }

    /// <summary>
    /// Looks through a window from its end. <paramref name="first"/> is the lowest byte of the channel seen so far; true when the first
    /// line wanted begins there.
    /// </summary>
    private static bool Search(
        SafeFileHandle output, TranscriptChunk window, byte[] block, int lines, ref int found, ref long first, long end)
    {
        for (long high = window.EndCursor; high > window.StartCursor;)
        {
            long low = Math.Max(window.StartCursor, high - block.Length);
            Span<byte> bytes = block.AsSpan(0, RandomAccess.Read(output, block.AsSpan(0, (int)(high - low)), low));
            int newline;
            while ((newline = bytes.LastIndexOf((byte)'\n')) >= 0)
            {
                first = newline + 1 < bytes.Length ? low + newline + 1 : first;

                // The newline that ends the last line does not begin another.
                if (first < end && ++found == lines)
                {
                    return true;
                }

                first = low + newline;
                bytes = bytes[..newline];
            }

            first = bytes.IsEmpty ? first : low;
            high = low;
        }

        return false;
    }
}
