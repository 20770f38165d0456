using System.Runtime.InteropServices;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store;

/// <summary>Tells of every session whose folder is made from now on (inotify(7)). The sessions themselves do nothing for it.</summary>
internal sealed unsafe class SessionsWatch : IDisposable
{
    /// <summary>inotify(7): what came was more than the system keeps.</summary>
    private const uint InOverflow = 0x4000;

    private const int HeaderBytes = 16, LengthAt = 12, MaskAt = 4;

    private readonly Inotify _inotify = new();
    private readonly WakeEvent _end = new();
    private readonly Thread _thread;
    private readonly Action<SessionId> _made;
    private readonly Action _missed;

    /// <param name="root">Whose; the folder of sessions is made if it is not there.</param>
    /// <param name="made">Called with each, on a thread of its own.</param>
    /// <param name="missed">Called there when some were missed: all have to be looked at.</param>
    /// <exception cref="IOException">It cannot be watched.</exception>
    public SessionsWatch(StateRoot root, Action<SessionId> made, Action missed)
    {
        (_made, _missed) = (made, missed);
        Libc.close(root.OpenForWriting("sessions"));
        if (_inotify.Add(root.Sessions, Inotify.Created | Inotify.MovedTo) < 0)
        {
            int error = Errno.Last;
            _inotify.Dispose();
            _end.Dispose();
            throw Errno.Exception($"cannot watch {root.Sessions}", error);
        }

        _thread = SmallThread.Start("sessions", Watch);
    }

    private void Watch()
    {
        Span<byte> events = new byte[16 * 1024];
        PollFd* fds = stackalloc PollFd[2];
        while (true)
        {
            fds[0] = new PollFd { Fd = _end.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = _inotify.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, Io.Forever);
            if (fds[0].Returned != 0)
            {
                return;
            }

            nint length;
            while ((length = Io.Read(_inotify.Fd, events)) > 0)
            {
                Take(events[..(int)length]);
            }
        }
    }

    private void Take(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderBytes)
        {
            int nameBytes = MemoryMarshal.Read<int>(events[LengthAt..]);
            ReadOnlySpan<byte> name = events.Slice(HeaderBytes, nameBytes);
            int end = name.IndexOf((byte)0);
            if ((MemoryMarshal.Read<uint>(events[MaskAt..]) & InOverflow) != 0)
            {
                _missed();
            }
            else if (SessionId.TryParse(Encoding.UTF8.GetString(end < 0 ? name : name[..end]), out SessionId id))
            {
                _made(id);
            }

            events = events[(HeaderBytes + nameBytes)..];
        }
    }

    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
        _inotify.Dispose();
    }
}
