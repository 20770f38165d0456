using System.Globalization;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Starting;

/// <summary>
/// Tells when the daemon's lock file goes from the state root (it was removed or moved away, alone or with the root): nobody can find this
/// daemon any more then, and a second one may start.
/// </summary>
internal sealed unsafe class RootWatch : IDisposable
{
    private const uint InMoveSelf = 0x800, InDeleteSelf = 0x400, InAttributes = 4;

    private readonly Inotify _inotify = new();
    private readonly WakeEvent _end = new();
    private readonly Thread _thread;
    private readonly int _root;
    private readonly Action _gone;

    /// <param name="root">The state root, open; it stays the caller's.</param>
    /// <param name="gone">Called once, on a thread of its own.</param>
    public RootWatch(int root, Action gone)
    {
        (_root, _gone) = (root, gone);
        _inotify.Add(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{root}/{DaemonFiles.Lock}"), InMoveSelf | InDeleteSelf | InAttributes);
        _thread = SmallThread.Start("state root", Watch);
    }

    private void Watch()
    {
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

            _inotify.Clear();
            if (!Io.StatAt(_root, DaemonFiles.Lock, followLink: false, out _))
            {
                _gone();
                return;
            }
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
