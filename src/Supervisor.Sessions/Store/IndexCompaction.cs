using Microsoft.Win32.SafeHandles;

namespace Supervisor.Sessions.Store;

/// <summary>
/// Keeps a long session's index bounded: past 16 MiB its older half is rewritten with every two neighbours as one
/// record, again and again as it ages, and records of freed bytes go.
/// </summary>
internal static class IndexCompaction
{
    public const long DefaultMaxLength = 16 * 1024 * 1024;

    private const int MaxMergedRuns = 64;

    /// <summary>Replaces the index by its compacted form. False when that cannot be written now; the old one stays.</summary>
    public static bool Run(OwnedFolder folder, long floor)
    {
        string temporary = Artifact.Index + ".new";
        try
        {
            using FileStream source = new(new SafeFileHandle(folder.OpenAppend(Artifact.Index), ownsHandle: true), FileAccess.Read);
            source.Position = 0;
            using (AppendFile target = new(folder.OpenNew(temporary)))
            {
                if (Rewrite(source, target, floor) != 0)
                {
                    return false;
                }
            }

            return folder.Rename(temporary, Artifact.Index) == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, or rights that somebody took away: the long index is still right, and the next window tries again.
            return false;
        }
    }

    private static int Rewrite(FileStream source, AppendFile target, long floor)
    {
        long half = source.Length / 2;
        IndexRecord? waiting = null;
        int error = 0;
        LineReader lines = new(source);
        while (error == 0 && lines.TryRead(out ReadOnlySpan<byte> line))
        {
            IndexRecord? record = IndexRecord.Parse(line);
            if (record is null || record.End <= floor)
            {
                continue;
            }

            if (lines.Position > half)
            {
                error = Write(target, ref waiting);
                waiting = record;
                error = error != 0 ? error : Write(target, ref waiting);
            }
            else if (waiting is null)
            {
                waiting = record;
            }
            else
            {
                Merge(waiting, record);
                error = Write(target, ref waiting);
            }
        }

        return error != 0 ? error : Write(target, ref waiting);
    }

    private static void Merge(IndexRecord into, IndexRecord next)
    {
        foreach (IndexRecord.Run run in next.Runs)
        {
            into.Add(run.Channel, run.Length);
        }

        if (into.Runs.Count > MaxMergedRuns)
        {
            into.Collapse();
        }
    }

    private static int Write(AppendFile target, ref IndexRecord? record)
    {
        if (record is null)
        {
            return 0;
        }

        byte[] line = [];
        int length = record.WriteLine(ref line);
        record = null;
        return target.Append(line.AsSpan(0, length));
    }
}
