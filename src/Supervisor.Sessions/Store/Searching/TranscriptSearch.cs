using Microsoft.Win32.SafeHandles;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Sessions.Store.Searching;

/// <summary>Is given what a search finds, in order.</summary>
internal interface ISearchResult
{
    /// <summary>A line, with its newline unless it is the last or a piece of a very long one.</summary>
    void Line(ReadOnlySpan<byte> line, long start);

    /// <summary>Bytes that were freed before they could be searched.</summary>
    void Gap(TranscriptGap gap);
}

/// <summary>
/// Searches a long range of a transcript, block after block on all processors. Each block is searched as if a line began at it, which it
/// does unless a line is longer than a block or an escape sequence lies across; then it is searched again, in turn.
/// </summary>
internal sealed class TranscriptSearch
{
    private const int BlockBytes = 512 * 1024;
    private const int TailBytes = 4096;
    private const int MaxThreads = 4;

    /// <summary>Blocks that may be under way for each thread, so that one that waits for its turn holds nobody up.</summary>
    private const int Ahead = 3;

    private readonly TranscriptReader? _live;
    private readonly SafeFileHandle _file;
    private readonly LinePattern _pattern;
    private readonly ISearchResult _result;
    private readonly long _end;
    private readonly int _threads;
    private readonly Lock _claim = new();
    private readonly object _turns = new();
    private readonly Slot?[] _slots;
    private long _next;
    private long _claimed;
    private long _given;
    private Exception? _failure;
    private BlockSearch _last;

    /// <param name="reader">The transcript; it has bytes.</param>
    /// <param name="pattern">What to look for.</param>
    /// <param name="start">Where to begin: a line begins here.</param>
    /// <param name="end">Where to stop.</param>
    /// <param name="result">Is called by one thread at a time.</param>
    public TranscriptSearch(TranscriptReader reader, LinePattern pattern, long start, long end, ISearchResult result)
    {
        (_pattern, _next, _end, _result) = (pattern, start, end, result);
        _live = reader.IsOwned ? reader : null;
        _file = reader.Output!;
        _threads = Math.Clamp(Environment.ProcessorCount, 1, MaxThreads);
        _slots = new Slot?[_threads * Ahead];
        _last = new BlockSearch(pattern);
    }

    /// <summary>Runs to the end. Returns where the line begins that has no newline there, or the end.</summary>
    public long Run()
    {
        Thread[] helpers = new Thread[_end - _next > BlockBytes ? _threads - 1 : 0];
        for (int i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Work) { IsBackground = true, Name = "search" };
            helpers[i].Start();
        }

        Work();
        foreach (Thread helper in helpers)
        {
            helper.Join();
        }

        return _failure is null ? _last.OpenStart(_end) : throw new IOException(_failure.Message, _failure);
    }

    /// <summary>The last line, if no newline will come: it is found, too.</summary>
    public void End()
    {
        if (_last.End(_end) is { } line)
        {
            byte[] bytes = new byte[line.End - line.Start];
            _result.Line(bytes.AsSpan(0, RandomAccess.Read(_file, bytes, line.Start)), line.Start);
        }
    }

    private void Work()
    {
        try
        {
            while (Claim() is { } slot)
            {
                slot.Search(_file, _live);
                lock (_turns)
                {
                    slot.IsDone = true;
                    GiveAllDone();
                    Monitor.PulseAll(_turns);
                }
            }
        }
        catch (Exception e)
        {
            // Shown by the thread that waits for all.
            lock (_turns)
            {
                _failure ??= e;
                Monitor.PulseAll(_turns);
            }
        }
    }

    /// <summary>The next block, once there is room for it. Null at the end.</summary>
    private Slot? Claim()
    {
        lock (_claim)
        {
            if (_next >= _end || _failure is not null)
            {
                return null;
            }

            lock (_turns)
            {
                while (_claimed - _given >= _slots.Length && _failure is null)
                {
                    Monitor.Wait(_turns);
                }
            }

            Slot slot = _slots[_claimed % _slots.Length] ??= new Slot(_pattern);
            long end = BlockEnd(_next, slot.Buffer);
            slot.Begin(_next, (int)(end - _next));
            _next = end;
            _claimed++;
            return slot;
        }
    }

    /// <summary>Behind the last newline of the block, if it has one near its end.</summary>
    private long BlockEnd(long start, byte[] buffer)
    {
        long end = Math.Min(_end, start + BlockBytes);
        if (end == _end)
        {
            return end;
        }

        Span<byte> tail = buffer.AsSpan(0, TailBytes);
        int n = RandomAccess.Read(_file, tail, end - TailBytes);
        int newline = tail[..n].LastIndexOf((byte)'\n');
        return newline < 0 ? end : end - TailBytes + newline + 1;
    }

    /// <summary>Gives what was found in the blocks whose turn it is.</summary>
    private void GiveAllDone()
    {
        while (_slots[_given % _slots.Length] is { IsDone: true } slot)
        {
            slot.IsDone = false;
            slot.Give(_result, _file, ref _last);
            _given++;
        }
    }

    /// <summary>One block on its way.</summary>
    private sealed class Slot(LinePattern pattern)
    {
        private BlockSearch _search = new(pattern);
        private long _start;
        private long _freed;
        private int _length;

        public byte[] Buffer { get; } = new byte[BlockBytes];

        public bool IsDone { get; set; }

        private ReadOnlySpan<byte> Bytes => Buffer.AsSpan((int)_freed, _length - (int)_freed);

        public void Begin(long start, int length) => (_start, _length, _freed) = (start, length, 0);

        public void Search(SafeFileHandle file, TranscriptReader? live)
        {
            _length = RandomAccess.Read(file, Buffer.AsSpan(0, _length), _start);

            // Looked at after the bytes: what is below it by now may have been read as zeros.
            _freed = live is null ? 0 : Math.Clamp(live.Floor - _start, 0, _length);
            _search.Run(Bytes, _start + _freed);
        }

        public void Give(ISearchResult result, SafeFileHandle file, ref BlockSearch last)
        {
            if (_freed > 0)
            {
                // A line does not go on behind missing bytes.
                if (last.End(_start) is { } line)
                {
                    Give(line, result, file);
                }

                result.Gap(new TranscriptGap(_start, _freed, TranscriptGap.Freed));
            }
            else if (last.EndsOpen)
            {
                _search.Continue(Bytes, _start, last);
            }

            foreach (FoundLine line in _search.Found)
            {
                Give(line, result, file);
            }

            (last, _search) = (_search, last);
        }

        private void Give(FoundLine line, ISearchResult result, SafeFileHandle file)
        {
            if (line.Start >= _start)
            {
                result.Line(Buffer.AsSpan((int)(line.Start - _start), (int)(line.End - line.Start)), line.Start);
                return;
            }

            byte[] bytes = new byte[line.End - line.Start];
            result.Line(bytes.AsSpan(0, RandomAccess.Read(file, bytes, line.Start)), line.Start);
        }
    }
}
