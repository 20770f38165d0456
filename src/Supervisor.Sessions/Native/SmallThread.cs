namespace Supervisor.Sessions.Native;

/// <summary>Threads of sup's own: each does one thing, needs little stack, and never keeps the process alive.</summary>
internal static class SmallThread
{
    /// <summary>In bytes. The default is the caller's <c>ulimit -s</c>, which counts against a limit of address space.</summary>
    private const int StackBytes = 256 * 1024;

    public static Thread Create(string name, ThreadStart run) => new(run, StackBytes) { IsBackground = true, Name = name };

    public static Thread Start(string name, ThreadStart run)
    {
        Thread thread = Create(name, run);
        thread.Start();
        return thread;
    }
}
