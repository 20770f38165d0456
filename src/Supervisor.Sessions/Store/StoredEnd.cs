using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>
/// How far a transcript has been stored, for one thread of the same process that tells others. The recorder pays for a
/// wake-up only when that thread has asked for one, and then for one only.
/// </summary>
internal sealed class StoredEnd
{
    private WakeEvent? _wake;
    private long _value;
    private int _asked;

    public long Value => Interlocked.Read(ref _value);

    /// <summary>By the recorder: all bytes below <paramref name="end"/> can be read.</summary>
    public void Advance(long end)
    {
        // A full fence between this write and the read below: the other side asks first, and then reads the value.
        Interlocked.Exchange(ref _value, end);
        if (Volatile.Read(ref _asked) != 0 && Interlocked.Exchange(ref _asked, 0) != 0)
        {
            _wake!.Set();
        }
    }

    /// <summary>Asks for one wake-up when the end goes beyond <paramref name="known"/>; false when it has already.</summary>
    public bool WakeBeyond(long known, WakeEvent wake)
    {
        _wake = wake;
        Interlocked.Exchange(ref _asked, 1);
        if (Value == known)
        {
            return true;
        }

        Interlocked.Exchange(ref _asked, 0);
        return false;
    }
}
