using System.Runtime.InteropServices;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Store;

/// <summary>
/// The fixed queue between the threads that move a command's output and the one that writes it down: a ring of bytes,
/// and a ring of entries that say whose they are and what happened in between. Not synchronised; its owner locks.
/// </summary>
internal sealed unsafe class OutputQueue : IDisposable
{
    /// <summary>Entries that bytes never take, so that an event always finds room.</summary>
    private const int EventReserve = 64;

    private readonly byte* _bytes;
    private readonly int _capacity;
    private readonly Entry[] _entries;
    private long _head;
    private long _tail;
    private long _firstEntry;
    private long _endEntry;

    public OutputQueue(int capacityBytes, int capacityEntries)
    {
        _capacity = capacityBytes;
        _bytes = (byte*)NativeMemory.Alloc((nuint)capacityBytes);
        _entries = new Entry[capacityEntries];
    }

    /// <summary>Bytes queued in all; equals the transcript's end once everything queued has been stored.</summary>
    public long Tail => _tail;

    public long QueuedBytes => _tail - _head;

    public bool IsEmpty => _firstEntry == _endEntry;

    /// <summary>How many bytes of one channel fit now.</summary>
    public int Room => _endEntry - _firstEntry >= _entries.Length - EventReserve ? 0 : _capacity - (int)(_tail - _head);

    public void Add(Channel channel, ReadOnlySpan<byte> bytes, DateTime time)
    {
        int at = (int)(_tail % _capacity);
        int first = Math.Min(bytes.Length, _capacity - at);
        bytes[..first].CopyTo(new Span<byte>(_bytes + at, first));
        bytes[first..].CopyTo(new Span<byte>(_bytes, bytes.Length - first));
        _tail += bytes.Length;

        if (!IsEmpty)
        {
            ref Entry last = ref _entries[(_endEntry - 1) % _entries.Length];
            if (last.Event is null && last.Channel == channel && time - last.Time < IndexWriter.WindowTime)
            {
                last.Length += bytes.Length;
                return;
            }
        }

        _entries[_endEntry++ % _entries.Length] = new Entry { Channel = channel, Length = bytes.Length, Time = time };
    }

    /// <summary>Queues an event behind all bytes so far. Returns false when the queue is full of entries.</summary>
    public bool Add(TranscriptEvent happening)
    {
        if (_endEntry - _firstEntry >= _entries.Length)
        {
            return false;
        }

        _entries[_endEntry++ % _entries.Length] = new Entry { Event = happening };
        return true;
    }

    /// <summary>The oldest entry, limited to <paramref name="maxBytes"/> that lie in one piece.</summary>
    public Piece Peek(int maxBytes)
    {
        ref Entry entry = ref _entries[_firstEntry % _entries.Length];
        if (entry.Event is not null)
        {
            return new Piece(entry.Event, default, default, 0, 0);
        }

        int at = (int)(_head % _capacity);
        int length = Math.Min(Math.Min(entry.Length, maxBytes), _capacity - at);
        return new Piece(null, entry.Channel, entry.Time, (nint)(_bytes + at), length);
    }

    public void Remove(in Piece piece)
    {
        ref Entry entry = ref _entries[_firstEntry % _entries.Length];
        _head += piece.Length;
        entry.Length -= piece.Length;
        if (entry.Length == 0)
        {
            entry = default;
            _firstEntry++;
        }
    }

    public void Dispose() => NativeMemory.Free(_bytes);

    /// <summary>The next thing to store: an event, or bytes at an address in the ring.</summary>
    internal readonly record struct Piece(
        TranscriptEvent? Event, Channel Channel, DateTime Time, nint Address, int Length)
    {
        public ReadOnlySpan<byte> Bytes => new((void*)Address, Length);
    }

    private struct Entry
    {
        public Channel Channel;
        public int Length;
        public DateTime Time;
        public TranscriptEvent? Event;
    }
}
