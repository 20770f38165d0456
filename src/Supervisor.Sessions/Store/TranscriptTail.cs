namespace Supervisor.Sessions.Store;

/// <summary>Reads a transcript from its end, in time proportional to what is read.</summary>
public static class TranscriptTail
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>At most the last <paramref name="limit"/> bytes above the floor.</summary>
    public static byte[] Read(FileStream output, long floor, int limit)
    {
        ArgumentNullException.ThrowIfNull(output);
        long end = output.Length;
        long start = Math.Max(floor, end - limit);
        byte[] bytes = new byte[Math.Max(0, end - start)];
        int n = RandomAccess.Read(output.SafeFileHandle, bytes, start);
        return bytes[..n];
    }

    /// <summary>The cursor where the last <paramref name="lines"/> lines begin. A last line without a newline counts.</summary>
    public static long LastLines(FileStream output, long floor, int lines)
    {
        ArgumentNullException.ThrowIfNull(output);
        long end = output.Length;
        if (lines == 0)
        {
            return end;
        }

        byte[] block = new byte[BlockBytes];
        long position = end;
        int found = 0;
        while (position > floor)
        {
            int length = (int)Math.Min(BlockBytes, position - floor);
            position -= length;
            int n = RandomAccess.Read(output.SafeFileHandle, block.AsSpan(0, length), position);
            for (int i = n - 1; i >= 0; i--)
            {
                // The newline that ends the last line does not begin another.
                if (block[i] == (byte)'\n' && position + i + 1 < end && ++found == lines)
                {
                    return position + i + 1;
                }
            }
        }

        return floor;
    }
}
