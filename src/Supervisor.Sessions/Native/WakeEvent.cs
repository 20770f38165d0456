namespace Supervisor.Sessions.Native;

/// <summary>Wakes a thread that waits in poll(2): an eventfd that stays readable until <see cref="Clear"/>.</summary>
internal sealed unsafe class WakeEvent : IDisposable
{
    public WakeEvent()
    {
        Fd = Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (Fd < 0)
        {
            throw Errno.Exception("eventfd", Errno.Last);
        }
    }

    public int Fd { get; }

    public void Set()
    {
        ulong one = 1;
        Libc.write(Fd, (byte*)&one, sizeof(ulong));
    }

    public void Clear()
    {
        ulong count;
        Libc.read(Fd, (byte*)&count, sizeof(ulong));
    }

    public void Dispose() => Libc.close(Fd);
}
