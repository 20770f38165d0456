using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Moves what the user types into the command's PTY, on a thread of its own; it can be paused while the terminal is not
/// ours. Nothing typed is stored.
/// </summary>
internal sealed unsafe class InputRelay : IDisposable
{
    private const int BufferBytes = 4096;

    private readonly int _source;
    private readonly int _master;
    private readonly Action<ReadOnlySpan<byte>>? _beforeWrite;
    private readonly Action? _atEnd;
    private readonly WakeEvent _wake = new();
    private readonly object _gate = new();
    private bool _running;
    private bool _parked = true;
    private bool _ended;

    /// <param name="source">Where keys come from.</param>
    /// <param name="master">The PTY's master, non-blocking.</param>
    /// <param name="beforeWrite">Sees each piece before it is passed on.</param>
    /// <param name="atEnd">Called once at the end of the source.</param>
    public InputRelay(int source, int master, Action<ReadOnlySpan<byte>>? beforeWrite, Action? atEnd)
    {
        (_source, _master, _beforeWrite, _atEnd) = (source, master, beforeWrite, atEnd);
        SmallThread.Start("input", Run);
    }

    public void Resume()
    {
        lock (_gate)
        {
            _running = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Returns when nothing more will be read.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            _running = false;
            _wake.Set();
            while (!_parked && !_ended)
            {
                Monitor.Wait(_gate);
            }

            _wake.Clear();
        }
    }

    private void WaitUntilRunning()
    {
        lock (_gate)
        {
            while (!_running)
            {
                _parked = true;
                Monitor.PulseAll(_gate);
                Monitor.Wait(_gate);
            }

            _parked = false;
        }
    }

    private void Run()
    {
        Span<byte> buffer = stackalloc byte[BufferBytes];
        PollFd* fds = stackalloc PollFd[2];
        while (true)
        {
            WaitUntilRunning();
            fds[0] = new PollFd { Fd = _source, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _wake.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, Io.Forever);
            if (fds[1].Returned != 0 || fds[0].Returned == 0)
            {
                continue;
            }

            nint n = Io.Read(_source, buffer);
            if (n < 0 && Errno.Last == Errno.EAGAIN)
            {
                continue;
            }

            if (n <= 0)
            {
                _atEnd?.Invoke();
                End();
                return;
            }

            _beforeWrite?.Invoke(buffer[..(int)n]);
            if (!WriteAll(buffer[..(int)n]))
            {
                End();
                return;
            }
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>False when the PTY is gone. Gives up on the rest when paused: nobody reads it.</summary>
    private bool WriteAll(ReadOnlySpan<byte> bytes)
    {
        PollFd* fds = stackalloc PollFd[2];
        while (!bytes.IsEmpty)
        {
            nint n = Io.Write(_master, bytes);
            if (n > 0)
            {
                bytes = bytes[(int)n..];
                continue;
            }

            if (Errno.Last != Errno.EAGAIN)
            {
                return false;
            }

            fds[0] = new PollFd { Fd = _master, Events = Libc.POLLOUT };
            fds[1] = new PollFd { Fd = _wake.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, Io.Forever);
            if (fds[1].Returned != 0)
            {
                return true;
            }
        }

        return true;
    }

    public void Dispose() => _wake.Dispose();
}
