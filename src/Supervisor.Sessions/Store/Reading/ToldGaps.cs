namespace Supervisor.Sessions.Store.Reading;

/// <summary>Remembers which gaps were told: one at the end of a page is on the next one again.</summary>
internal sealed class ToldGaps
{
    private long _offset = -1;
    private int _count;

    /// <summary>How many of a page's first gaps were told already.</summary>
    public int In(TranscriptPage page)
    {
        int told = 0;
        foreach (TranscriptGap gap in page.Gaps)
        {
            told += gap.Offset == _offset && !gap.IsFreed && told < _count ? 1 : 0;
        }

        return told;
    }

    public void Add(TranscriptGap gap)
    {
        if (!gap.IsFreed)
        {
            (_offset, _count) = (gap.Offset, _offset == gap.Offset ? _count + 1 : 1);
        }
    }
}
