using System.Diagnostics;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// Waits for news of a session: more output, a change of its state, its end. The owner tells over its live socket; where it does
/// not answer (it is stopped, or the file system holds no sockets) the folder is watched, and the owner's process.
/// Whoever waits reads the files anew after each return; a return without news does no harm.
/// </summary>
public sealed unsafe class SessionWatch : IDisposable
{
    /// <summary>An owner that does not answer in this time is watched by its files.</summary>
    private static readonly TimeSpan HelloTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Between the closing of its socket and the release of its lock an owner needs a moment.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromMilliseconds(500);

    private const int EndingLookMilliseconds = 2;

    /// <summary>The same where the system has no watch left to give.</summary>
    private const int PollMilliseconds = 100;

    /// <summary>
    /// The files are looked at this often even when nothing was heard: the folder may have been deleted under a living owner, and an
    /// owner may live where we see no processes.
    /// </summary>
    private const int LookMilliseconds = 1000;

    private readonly SessionFiles _files;
    private readonly SessionMeta? _meta;
    private LiveConnection? _live;
    private FolderWatch? _folder;
    private int _owner = -1;
    private long? _endingSince;

    /// <param name="files">The session; stays the caller's, and is used until this object's end.</param>
    public SessionWatch(SessionFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        _files = files;
        _meta = files.ReadMeta();
        _live = LiveConnection.TryOpen(files, "viewer", HelloTime);
        if (_live?.Follow() != true)
        {
            WatchFiles();
        }
    }

    /// <summary>Whether the owner tells of news, its end included.</summary>
    internal bool IsLive => _live is not null;

    /// <summary>Returns when there may be news, or after <paramref name="timeout"/>.</summary>
    public void Wait(TimeSpan timeout) => WaitAny([this], timeout);

    /// <summary>Returns when there may be news of any of them, or after <paramref name="timeout"/>.</summary>
    public static void WaitAny(IReadOnlyList<SessionWatch> watches, TimeSpan timeout) => WaitAny(watches, timeout, null);

    /// <summary>Returns also when <paramref name="other"/> is set, which stays so.</summary>
    internal static void WaitAny(IReadOnlyList<SessionWatch> watches, TimeSpan timeout, WakeEvent? other)
    {
        ArgumentNullException.ThrowIfNull(watches);
        PollFd[] fds = new PollFd[(watches.Count * 2) + 1];
        fds[^1] = new PollFd { Fd = other?.Fd ?? -1, Events = Libc.POLLIN };
        int wait = timeout == Timeout.InfiniteTimeSpan ? Io.Forever : (int)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 0, int.MaxValue);
        for (int i = 0; i < watches.Count; i++)
        {
            (int first, int second, int limit) = watches[i].Prepare();
            fds[2 * i] = new PollFd { Fd = first, Events = Libc.POLLIN };
            fds[(2 * i) + 1] = new PollFd { Fd = second, Events = Libc.POLLIN };
            wait = limit == Io.Forever ? wait : wait == Io.Forever ? limit : Math.Min(wait, limit);
        }

        fixed (PollFd* p = fds)
        {
            Io.Poll(p, fds.Length, wait);
        }

        foreach (SessionWatch watch in watches)
        {
            watch.Update();
        }
    }

    private (int First, int Second, int Limit) Prepare() =>
        _live is not null ? (_live.Fd, -1, LookMilliseconds)
        : _endingSince is { } ? (-1, -1, EndingLookMilliseconds)
        : (_folder?.Fd ?? -1, _owner, _folder is null ? PollMilliseconds : LookMilliseconds);

    private void Update()
    {
        if (_live is not null)
        {
            _live.Update();
            if (_live.IsClosed)
            {
                _live.Dispose();
                _live = null;
                _endingSince = Stopwatch.GetTimestamp();
            }
        }
        else if (_endingSince is { } since)
        {
            if (Stopwatch.GetElapsedTime(since) > EndingTime)
            {
                _endingSince = null;
                WatchFiles();
            }
        }
        else
        {
            _folder?.Clear();
            if (_owner >= 0 && Io.WaitFor(_owner, Libc.POLLIN, 0))
            {
                // It is dead, and stays so: from now on the lock tells.
                Libc.close(_owner);
                _owner = -1;
            }
        }
    }

    private void WatchFiles()
    {
        _live?.Dispose();
        _live = null;
        try
        {
            _folder = new FolderWatch(_files.Path);
        }
        catch (IOException)
        {
            // Deleted, or no watches left: then the clock has to do.
            _folder = null;
        }

        if (_meta is { } meta && ProcessIdentity.Of(meta.OwnerPid)?.StartTime == meta.OwnerStartTime)
        {
            _owner = (int)Libc.syscall(Libc.SYS_pidfd_open, meta.OwnerPid, 0, 0);
        }
    }

    public void Dispose()
    {
        _live?.Dispose();
        _folder?.Dispose();
        if (_owner >= 0)
        {
            Libc.close(_owner);
        }
    }
}
