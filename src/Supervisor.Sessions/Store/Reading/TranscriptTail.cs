using Microsoft.Win32.SafeHandles;

namespace Supervisor.Sessions.Store.Reading;

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

    /// <summary>The cursor where the last <paramref name="lines"/> lines before <paramref name="end"/> begin. Holes in the file are passed over.</summary>
    internal static long LastLines(SafeFileHandle output, long floor, long end, int lines)
    {
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
            if (SparseFile.DataEnd(output, floor, position) is long data && data < position)
            {
                position = data;
                continue;
            }

            position -= length;
            Span<byte> bytes = block.AsSpan(0, RandomAccess.Read(output, block.AsSpan(0, length), position));
            int newline;
            while ((newline = bytes.LastIndexOf((byte)'\n')) >= 0)
            {
                // The newline that ends the last line does not begin another.
                if (position + newline + 1 < end && ++found == lines)
                {
                    return position + newline + 1;
                }

                bytes = bytes[..newline];
            }
        }

        return floor;
    }
}
