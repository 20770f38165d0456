using Supervisor.Cli.Output;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>Sessions line by line; of several, the older line first.</summary>
internal sealed class LinesPrinter : ILogsPrinter
{
    private readonly List<Entry> _entries;
    private readonly LogsRequest _request;
    private readonly OutputBuffer _output;
    private readonly LineWriter _writer;
    private readonly LinePattern? _pattern;
    private readonly ColourStripper _stripper = new();
    private Queue<byte[]>? _last;

    /// <param name="sources">What to print.</param>
    /// <param name="request">How.</param>
    /// <param name="output">Where.</param>
    /// <param name="from">Where to begin, if not where the sources say.</param>
    public LinesPrinter(List<LogsSource> sources, LogsRequest request, OutputBuffer output, long? from = null)
    {
        (_request, _output, _pattern) = (request, output, request.Pattern);
        _entries = sources.ConvertAll(s => new Entry(s, request, from ?? s.Start));
        _writer = new LineWriter(request, sources);
        _last = request is { Pattern: not null, Lines: not null } ? new Queue<byte[]>() : null;
    }

    public bool Print()
    {
        _entries.ForEach(e => e.Advance());
        while (Oldest() is { } entry)
        {
            if (entry.Item == TranscriptItem.Gap)
            {
                Tell(entry);
            }
            else
            {
                Print(entry);
            }

            entry.Item = TranscriptItem.None;
            entry.Advance();
        }

        PrintLast();
        if (_entries is [var only] && _pattern is null)
        {
            _writer.Unfinished(only.Lines.Unfinished, _output);
        }

        return _entries.Exists(e => e.Lines.IsWaiting);
    }

    public void End(LogsSource source)
    {
        Entry entry = _entries.Find(e => e.Source == source)!;
        if (entry.Lines.End())
        {
            Print(entry);
        }

        PrintLast();
        _writer.End(_output);
        if (_request.Only is { } only)
        {
            _output.Flush();
            source.SayUntold(entry.Lines.UntoldBytes, only);
        }
    }

    public void Dispose() => _writer.Dispose();

    private Entry? Oldest()
    {
        Entry? oldest = null;
        foreach (Entry entry in _entries)
        {
            if (entry.Item != TranscriptItem.None && (oldest is null || entry.Time < oldest.Time))
            {
                oldest = entry;
            }
        }

        return oldest;
    }

    private void Print(Entry entry)
    {
        TranscriptLines line = entry.Lines;
        if (_pattern is { } pattern
            && !pattern.IsMatch(_request.Form == LogsForm.Coloured ? _stripper.Strip(line.Text) : line.Text))
        {
            return;
        }

        ReadOnlySpan<byte> text = _writer.Line(entry.Source, line);
        if (_last is null)
        {
            _output.Write(text);
            return;
        }

        _last.Enqueue(text.ToArray());
        if (_last.Count > _request.Lines)
        {
            _last.Dequeue();
        }
    }

    /// <summary>What there was is through: its last matches are known, and whatever follows is printed as it comes.</summary>
    private void PrintLast()
    {
        while (_last?.TryDequeue(out byte[]? line) == true)
        {
            _output.Write(line);
        }

        _last = null;
    }

    private void Tell(Entry entry)
    {
        TranscriptGap gap = entry.Lines.Gap!;
        if (_request.Json)
        {
            _output.Write(_writer.Gap(entry.Source, gap));
            return;
        }

        _output.Flush();
        entry.Source.Say(gap);
    }

    private sealed class Entry(LogsSource source, LogsRequest request, long start)
    {
        public LogsSource Source { get; } = source;

        public TranscriptLines Lines { get; } =
            new(source.Reader, start, new PlainText(keepColours: request.Form == LogsForm.Coloured), request.Only)
            {
                Until = source.Until,
                WaitForIndex = request is { Follow: true, Json: true },
            };

        /// <summary>What is to be printed next.</summary>
        public TranscriptItem Item { get; set; }

        public DateTime Time => Item == TranscriptItem.Gap ? DateTime.MinValue : Lines.Timestamp;

        public void Advance() => Item = Item == TranscriptItem.None ? Lines.Next() : Item;
    }
}
