namespace Supervisor.Sessions.Native;

internal enum ChildChange
{
    None,
    Exited,
    Killed,
    Stopped,
    Continued,

    /// <summary>Whoever waited for the command died: it cannot be known how it goes on.</summary>
    Unknown,
}

/// <summary>What waitid(2) says of a child: an exit code, or the signal that killed or stopped it.</summary>
internal readonly record struct WaitStatus(ChildChange Change, int Value)
{
    private const int CLD_EXITED = 1;
    private const int CLD_KILLED = 2;
    private const int CLD_DUMPED = 3;
    private const int CLD_STOPPED = 5;
    private const int CLD_CONTINUED = 6;

    public bool IsEnd => Change is ChildChange.Exited or ChildChange.Killed or ChildChange.Unknown;

    /// <summary>
    /// The next change of child <paramref name="pid"/> without waiting; a child that ended is reaped by this call.
    /// One that is no child of ours (any more) has ended in a way nobody knows.
    /// </summary>
    public static unsafe WaitStatus Next(int pid)
    {
        byte* info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        int options = Libc.WEXITED | Libc.WSTOPPED | Libc.WCONTINUED | Libc.WNOHANG;
        while (Libc.waitid(Libc.P_PID, pid, info, options) != 0)
        {
            int error = Errno.Last;
            if (error == Errno.ECHILD)
            {
                return new WaitStatus(ChildChange.Unknown, 0);
            }

            if (error != Errno.EINTR)
            {
                throw Errno.Exception("waitid", error);
            }
        }

        int code = *(int*)(info + 8);
        int status = *(int*)(info + 24);
        return *(int*)(info + 16) == 0
            ? default
            : code switch
            {
                CLD_EXITED => new WaitStatus(ChildChange.Exited, status),
                CLD_KILLED or CLD_DUMPED => new WaitStatus(ChildChange.Killed, status),
                CLD_STOPPED => new WaitStatus(ChildChange.Stopped, status),
                CLD_CONTINUED => new WaitStatus(ChildChange.Continued, status),
                _ => default,
            };
    }

    /// <summary>Waits for the end of child <paramref name="pid"/> and forgets it.</summary>
    public static unsafe void Reap(int pid)
    {
        byte* info = stackalloc byte[128];
        while (Libc.waitid(Libc.P_PID, pid, info, Libc.WEXITED) != 0 && Errno.Last == Errno.EINTR)
        {
        }
    }
}
