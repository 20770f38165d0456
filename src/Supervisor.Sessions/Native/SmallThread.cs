using Supervisor.Protocol.Errors;

namespace Supervisor.Sessions.Native;

/// <summary>Threads of sup's own: each does one thing, needs little stack, and never keeps the process alive.</summary>
internal static class SmallThread
{
    /// <summary>In bytes. The default is the caller's <c>ulimit -s</c>, which counts against a limit of address space.</summary>
    private const int StackBytes = 256 * 1024;

    /// <exception cref="SupException">The system allows no more threads.</exception>
    public static Thread Start(string name, ThreadStart run) => TryStart(name, run)
        ?? throw new SupException(
            ErrorCode.Internal, ExitCode.Failure, "cannot start a thread: the system allows no more of them", "raise the limit of processes (ulimit -u)");

    /// <summary>Null where the system allows no more threads.</summary>
    public static Thread? TryStart(string name, ThreadStart run)
    {
        Thread thread = new(run, StackBytes) { IsBackground = true, Name = name };
        try
        {
            thread.Start();
            return thread;
        }
        catch (OutOfMemoryException)
        {
            // What the runtime makes of pthread_create's EAGAIN.
            return null;
        }
    }
}
