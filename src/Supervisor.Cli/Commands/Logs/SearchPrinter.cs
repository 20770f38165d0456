using Supervisor.Cli.Output;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>The lines of one session that match: what there is, searched as a whole; then what comes, line by line.</summary>
internal sealed class SearchPrinter(LogsSource source, LogsRequest request, OutputBuffer output) : ILogsPrinter, ISearchResult
{
    private readonly PlainText _plain = new(keepColours: request.Form == LogsForm.Coloured);
    private readonly Queue<byte[]>? _last = request.Lines is null ? null : new Queue<byte[]>();
    private LinesPrinter? _lines;

    public bool Print()
    {
        if (_lines is not null)
        {
            return _lines.Print();
        }

        long from = Search();
        while (_last?.TryDequeue(out byte[]? line) == true)
        {
            Write(line);
        }

        if (request.Follow)
        {
            _lines = new LinesPrinter([source], request with { Lines = null }, output, from);
            return _lines.Print();
        }

        return false;
    }

    public void End(LogsSource ended) => _lines?.End(ended);

    public void Line(ReadOnlySpan<byte> line, long start)
    {
        if (_last is not null)
        {
            _last.Enqueue(line.ToArray());
            if (_last.Count > request.Lines)
            {
                _last.Dequeue();
            }

            return;
        }

        Write(line);
    }

    public void Gap(TranscriptGap gap)
    {
        output.Flush();
        source.Say(gap);
    }

    public void Dispose() => _lines?.Dispose();

    /// <summary>Returns where to go on.</summary>
    private long Search()
    {
        long end = Math.Min(source.Until, source.Reader.End);
        if (source.Start >= end)
        {
            return source.Start;
        }

        TranscriptPage first = source.Reader.Read(source.Start, new byte[1], only: null, indexed: false);
        foreach (TranscriptGap gap in first.Gaps.Where(g => g.IsFreed).Concat(source.Reader.GapsBetween(first.StartCursor, end)))
        {
            Gap(gap);
        }

        TranscriptSearch search = new(source.Reader, request.Pattern!, first.StartCursor, end, this);
        long open = search.Run();
        if (request.Follow && source.IsLive)
        {
            return open;
        }

        search.End();
        return end;
    }

    private void Write(ReadOnlySpan<byte> line)
    {
        if (request.Form == LogsForm.Raw)
        {
            output.Write(line);
            output.Write(line is [.., (byte)'\n'] ? default : "\n"u8);
            return;
        }

        bool complete = false;
        while (!line.IsEmpty && !complete)
        {
            line = line[_plain.Take(line, out complete)..];
        }

        if (!complete)
        {
            _plain.End();
        }

        output.Write(_plain.Line);
        output.Write(_plain.Line.Contains((byte)0x1b) ? "\u001b[0m\n"u8 : "\n"u8);
    }
}
