using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Sessions.Store;

/// <summary>What is missing in a transcript because it could not be written, as the <c>gap</c> events tell it.</summary>
/// <param name="Count">How many gaps.</param>
/// <param name="Bytes">How many bytes are missing in all.</param>
/// <param name="Reason">Why, of the last gap.</param>
public sealed record RecordingGaps(int Count, long Bytes, string? Reason)
{
    /// <summary>Most files of events are shorter.</summary>
    private const int SmallBytes = 4096;

    /// <summary>Null when nothing is missing, as far as the files know.</summary>
    public static RecordingGaps? Of(SessionFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        int fd = files.OpenRegular(Artifact.Events, out StatX stat);
        Span<byte> small = stackalloc byte[SmallBytes];
        bool none = fd < 0 || (stat.Size <= SmallBytes && small[..Io.ReadAt(fd, small, 0)].IndexOf("\"gap\""u8) < 0);
        Libc.close(fd);
        return none ? null : All(files);
    }

    private static RecordingGaps? All(SessionFiles files)
    {
        GapLog log = new();
        log.Update(files);
        List<TranscriptGap> gaps = [];
        log.AddTo(gaps, 0, long.MaxValue);
        long bytes = 0;
        foreach (TranscriptGap gap in gaps)
        {
            bytes += gap.Bytes;
        }

        return gaps.Count == 0 ? null : new RecordingGaps(gaps.Count, bytes, gaps[^1].Reason is { Length: > 0 } reason ? reason : null);
    }
}
