using System.Text;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// When a command printed last, of its own accord: what a program draws again within 500 ms because its terminal changed
/// size says nothing about what it does.
/// </summary>
internal static class Activity
{
    private const int TailBytes = 64 * 1024;
    private static readonly long Redraw = TimeSpan.FromMilliseconds(500).Ticks;

    /// <summary>The times of files come from a clock that runs up to one tick of the kernel behind.</summary>
    private static readonly long FileClock = TimeSpan.FromMilliseconds(20).Ticks;

    /// <param name="files">The session.</param>
    /// <param name="written">When its transcript last grew.</param>
    /// <returns>Null when it printed nothing but redraws.</returns>
    public static DateTime? LastOutput(SessionFiles files, DateTime written)
    {
        List<long> resizes = Resizes(files);
        return IsRedraw(resizes, written.Ticks + FileClock, Redraw + (2 * FileClock)) ? Before(files, resizes) : written;
    }

    /// <summary>The last window of the index that is no redraw.</summary>
    private static DateTime? Before(SessionFiles files, List<long> resizes)
    {
        byte[] tail = Tail(files, Artifact.Index, out bool whole);
        ReadOnlySpan<byte> lines = tail;
        DateTime? oldest = null;
        while (!lines.IsEmpty)
        {
            // A line without its newline is being written, or torn.
            lines = lines[..(lines.LastIndexOf((byte)'\n') + 1)];
            int start = lines.IsEmpty ? 0 : lines[..^1].LastIndexOf((byte)'\n') + 1;
            if (TimeOf(lines[start..]) is { } time)
            {
                if (!IsRedraw(resizes, time.Ticks, Redraw))
                {
                    return time;
                }

                oldest = time;
            }

            lines = lines[..start];
        }

        return whole ? null : oldest;
    }

    private static bool IsRedraw(List<long> resizes, long time, long within)
    {
        for (int i = resizes.Count - 1; i >= 0; i--)
        {
            if (time >= resizes[i] && time - resizes[i] <= within)
            {
                return true;
            }
        }

        return false;
    }

    private static List<long> Resizes(SessionFiles files)
    {
        List<long> times = [];
        ReadOnlySpan<byte> lines = Tail(files, Artifact.Events, out _);
        int at;
        while ((at = lines.IndexOf("\"resized\""u8)) >= 0)
        {
            int start = lines[..at].LastIndexOf((byte)'\n') + 1;
            int length = lines[at..].IndexOf((byte)'\n');
            int end = length < 0 ? lines.Length : at + length;
            if (TranscriptEvent.Read(lines[start..end]) is { Type: "resized" } resized)
            {
                times.Add(resized.Timestamp.Ticks);
            }

            lines = lines[Math.Min(end + 1, lines.Length)..];
        }

        return times;
    }

    private static DateTime? TimeOf(ReadOnlySpan<byte> indexLine)
    {
        ReadOnlySpan<byte> name = "\"timestamp\":\""u8;
        int at = indexLine.IndexOf(name);
        ReadOnlySpan<byte> value = at < 0 ? default : indexLine[(at + name.Length)..];
        int end = value.IndexOf((byte)'"');
        return end > 0 && Timestamp.TryParse(Encoding.ASCII.GetString(value[..end]), out DateTime time) ? time : null;
    }

    private static byte[] Tail(SessionFiles files, string name, out bool whole)
    {
        whole = true;
        int fd = files.OpenRegular(name, out StatX stat);
        if (fd < 0)
        {
            return [];
        }

        long start = Math.Max(0, (long)stat.Size - TailBytes);
        byte[] tail = new byte[(int)((long)stat.Size - start)];
        int length = Io.ReadAt(fd, tail, start);
        Libc.close(fd);
        whole = start == 0;
        return tail[..length];
    }
}
