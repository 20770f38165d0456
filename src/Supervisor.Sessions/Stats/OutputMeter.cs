using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Stats;

/// <summary>How fast a session prints.</summary>
/// <param name="Bytes">The transcript's length, freed bytes included.</param>
/// <param name="BytesPerSecond">Since the look before; 0 at a first look.</param>
/// <param name="LinesPerSecond">Likewise. Of very much output only the end is counted, and the rest taken to be like it.</param>
public sealed record OutputRate(long Bytes, double BytesPerSecond, double LinesPerSecond);

/// <summary>Compares one look at a transcript's end with the next, reading only what was added.</summary>
internal sealed class OutputMeter
{
    /// <summary>The most that one look reads: as much takes about a millisecond.</summary>
    internal const int MostRead = 4 * 1024 * 1024;

    private const int PieceBytes = 64 * 1024;

    private long? _before;

    public OutputRate Measure(SessionFiles files, TimeSpan elapsed)
    {
        using FileStream? output = files.OpenOutput();
        long end = output?.Length ?? 0;
        long start = Math.Min(_before ?? end, end);
        _before = end;
        if (output is null || start == end || elapsed <= TimeSpan.Zero)
        {
            return new OutputRate(end, 0, 0);
        }

        long from = Math.Max(Math.Max(start, end - MostRead), Math.Min(end, files.ReadFloor()));
        double lines = CountLines(output, from, end);
        double scale = end > from ? (double)(end - start) / (end - from) : 0;
        return new OutputRate(end, (end - start) / elapsed.TotalSeconds, lines * scale / elapsed.TotalSeconds);
    }

    private static long CountLines(FileStream output, long from, long end)
    {
        byte[] piece = new byte[PieceBytes];
        long lines = 0;
        while (from < end)
        {
            int n = RandomAccess.Read(output.SafeFileHandle, piece.AsSpan(0, (int)Math.Min(PieceBytes, end - from)), from);
            if (n == 0)
            {
                break;
            }

            lines += piece.AsSpan(0, n).Count((byte)'\n');
            from += n;
        }

        return lines;
    }
}
