using Supervisor.Cli.Output;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>Every byte of one session, as it is. Its gaps are said where they are.</summary>
internal sealed class RawPrinter(LogsSource source, OutputBuffer output) : ILogsPrinter
{
    private const int PageBytes = 256 * 1024;

    private readonly byte[] _buffer = new byte[PageBytes];
    private readonly ToldGaps _told = new();
    private long _cursor = source.Start;

    public bool Print()
    {
        TranscriptPage page;
        do
        {
            if (_cursor >= source.Until)
            {
                break;
            }

            page = source.Reader.Read(_cursor, _buffer, only: null, indexed: false);
            Print(page);
            _cursor = page.NextCursor;
        }
        while (_cursor < page.EndCursor);
        return false;
    }

    public void End(LogsSource source)
    {
        // There is no more to it than its bytes.
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    private void Print(TranscriptPage page)
    {
        int gap = _told.In(page);
        foreach (TranscriptChunk chunk in page.Windows)
        {
            long at = chunk.StartCursor;
            while (at < chunk.EndCursor && at < source.Until)
            {
                for (; gap < page.Gaps.Count && (page.Gaps[gap].IsFreed || page.Gaps[gap].Offset <= at); gap++)
                {
                    Say(page.Gaps[gap]);
                }

                long stop = Math.Min(chunk.EndCursor, source.Until);
                stop = gap < page.Gaps.Count ? Math.Min(stop, page.Gaps[gap].Offset) : stop;
                output.Write(chunk.Bytes.Span[(int)(at - chunk.StartCursor)..(int)(stop - chunk.StartCursor)]);
                at = stop;
            }
        }

        for (; gap < page.Gaps.Count && page.Gaps[gap].Offset < source.Until; gap++)
        {
            Say(page.Gaps[gap]);
        }
    }

    private void Say(TranscriptGap gap)
    {
        output.Flush();
        source.Say(gap);
        _told.Add(gap);
    }
}
