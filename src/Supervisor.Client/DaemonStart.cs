using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>
/// Gets a connection where there may be no daemon yet. Of many clients at once one starts a daemon and the others wait for what it writes;
/// whichever daemon gets the lock in the end is the one that all of them talk to.
/// </summary>
internal sealed class DaemonStart(StateRoot root, int folder, string? program) : IDisposable
{
    /// <summary>What nothing announces (a starter that was killed, a daemon on its way out) is looked for this often, while somebody waits.</summary>
    private const int LookMilliseconds = 50;
    private const int MaxWords = 4096;

    private readonly Inotify _watch = new();
    private readonly StringBuilder _words = new();
    private int _lock = -1;
    private int _stderr = -1;
    private bool _started;

    /// <exception cref="SupException">None got ready.</exception>
    public DaemonConnection Run(Deadline deadline)
    {
        // Before the first look: what is written after it wakes us.
        _watch.Add(root.Path, Inotify.MovedTo);
        while (true)
        {
            _watch.Clear();
            if (DaemonConnection.Open(folder, deadline) is { } connection)
            {
                return connection;
            }

            if (deadline.HasPassed)
            {
                throw DaemonErrors.Unavailable("the daemon did not get ready in time" + Words(), "try again, or see what it says: sup daemon run");
            }

            if (!DaemonFiles.IsHeld(folder))
            {
                StartUnlessOthersDo();
            }

            Wait(deadline);
        }
    }

    private void StartUnlessOthersDo()
    {
        if (_stderr >= 0)
        {
            return;
        }

        if (_started)
        {
            throw DaemonErrors.Unavailable("the daemon cannot be started" + Words(), "sup doctor looks for what may be wrong");
        }

        if (_lock < 0)
        {
            _lock = DaemonFiles.OpenLock(folder);
            if (_lock < 0)
            {
                throw DaemonErrors.Unavailable($"the daemon cannot be started: {Errno.Text(-_lock)}: {root.Path}/{DaemonFiles.Lock}", "sup doctor looks for what may be wrong");
            }
        }

        if (OfdLock.TryTake(_lock, DaemonFiles.StarterByte))
        {
            _started = true;
            _stderr = DaemonSpawn.Start(root.Path, program);
        }
    }

    private unsafe void Wait(Deadline deadline)
    {
        PollFd* fds = stackalloc PollFd[2];
        fds[0] = new PollFd { Fd = _watch.Fd, Events = Libc.POLLIN };
        fds[1] = new PollFd { Fd = _stderr, Events = Libc.POLLIN };
        Io.Poll(fds, 2, deadline.AtMost(LookMilliseconds));
        if (fds[1].Returned != 0)
        {
            Listen();
        }
    }

    /// <summary>Takes in what the daemon says until it is ready or gone.</summary>
    private void Listen()
    {
        Span<byte> buffer = stackalloc byte[1024];
        nint n = Io.Read(_stderr, buffer);
        if (n > 0 && _words.Length < MaxWords)
        {
            _words.Append(Encoding.UTF8.GetString(buffer[..(int)n]));
        }
        else if (n <= 0)
        {
            Libc.close(_stderr);
            _stderr = -1;
        }
    }

    /// <summary>Its reasons, for the end of a sentence.</summary>
    private string Words()
    {
        string text = _words.ToString().Trim();
        text = text.StartsWith("sup: ", StringComparison.Ordinal) ? text["sup: ".Length..] : text;
        return text.Length == 0 ? "" : ": " + Printable.Line(text.Replace('\n', ' '));
    }

    public void Dispose()
    {
        _watch.Dispose();
        Close(_stderr);
        Close(_lock);
    }

    private static void Close(int fd)
    {
        if (fd >= 0)
        {
            Libc.close(fd);
        }
    }
}
