namespace Supervisor.Sessions.Store.Reading;

/// <summary>The last lines of a transcript as plain text, from no more than its last few kilobytes.</summary>
public static class LastLines
{
    private const int BytesPerLine = 4096;
    private const int MaxBytes = 16 * 1024;
    private const int MaxCharacters = 500;

    /// <summary>At most <paramref name="count"/> lines with something on them, in order. A long one is cut.</summary>
    public static IReadOnlyList<string> Of(SessionFiles files, int count)
    {
        using FileStream? output = files.OpenOutput();
        if (output is null || output.Length == 0)
        {
            return [];
        }

        long end = output.Length;
        byte[] bytes = TranscriptTail.Read(output, files.ReadFloor(), Math.Min(MaxBytes, count * BytesPerLine));

        // What was freed while it was read came as zeros.
        long start = end - bytes.Length;
        int freed = (int)Math.Clamp(files.ReadFloor() - start, 0, bytes.Length);
        string text = PlainText.Of(bytes.AsSpan(freed));
        List<string> lines = [];
        foreach (string line in text.Split('\n'))
        {
            string shown = line.Replace('\t', ' ').TrimEnd();
            if (shown.Length > 0)
            {
                lines.Add(shown.Length > MaxCharacters ? shown[..MaxCharacters] : shown);
            }
        }

        return lines.Count > count ? lines.GetRange(lines.Count - count, count) : lines;
    }
}
