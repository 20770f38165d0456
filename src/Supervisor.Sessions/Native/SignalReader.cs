namespace Supervisor.Sessions.Native;

/// <summary>One signal as signalfd(2) tells it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Code">si_code: <see cref="Signals.SI_KERNEL"/> when the terminal or kernel raised it.</param>
/// <param name="SenderPid">Who sent it, when a process did; else 0.</param>
internal readonly record struct ReceivedSignal(int Number, int Code, int SenderPid);

/// <summary>
/// Signals read as data. Unlike a handler it tells who sent them, which is how a Ctrl-C that the terminal already
/// gave to the whole process group is not passed on a second time.
/// </summary>
internal sealed unsafe class SignalReader : IDisposable
{
    private const int InfoSize = 128;

    public SignalReader(ulong set)
    {
        ulong* mask = stackalloc ulong[16];
        Signals.Fill(mask, set);
        Fd = Libc.signalfd(-1, mask, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (Fd < 0)
        {
            throw Errno.Exception("signalfd", Errno.Last);
        }
    }

    /// <summary>Readable while a signal waits.</summary>
    public int Fd { get; }

    public bool TryRead(out ReceivedSignal signal)
    {
        byte* info = stackalloc byte[InfoSize];
        if (Libc.read(Fd, info, InfoSize) == InfoSize)
        {
            int* words = (int*)info;
            signal = new ReceivedSignal(words[0], words[2], words[3]);
            return true;
        }

        signal = default;
        return false;
    }

    public void Dispose() => Libc.close(Fd);
}
