namespace Supervisor.Sessions.Terminal;

/// <summary>
/// Everything a command is started with. Arguments and environment are bytes, as execve(2) has them: they need not be text.
/// </summary>
public sealed record CommandSpec
{
    /// <summary>The program and its arguments, at least one, without terminating NULs.</summary>
    public required IReadOnlyList<byte[]> Arguments { get; init; }

    /// <summary><c>NAME=value</c> entries, in the order the command shall see them.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    /// <summary>Where to run; null leaves the working directory as it is, even when it has been deleted.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>What the caller's shell gave this process and the command must get back.</summary>
    public required CallerState Caller { get; init; }
}

/// <summary>
/// Parts of a process's state that .NET changes before Main, as they were. The wrapper script records them
/// (build/launch.sh).
/// </summary>
/// <param name="OpenFilesSoftLimit">RLIMIT_NOFILE's soft value; null leaves the present one.</param>
/// <param name="IgnoredSignals">Bit n-1 is signal n, as SigIgn in /proc/PID/status.</param>
/// <param name="BlockedSignals">The same for SigBlk.</param>
/// <param name="ClosedDescriptors">Those of 0, 1 and 2 that were closed: bit n is descriptor n.</param>
public sealed record CallerState(ulong? OpenFilesSoftLimit, ulong IgnoredSignals, ulong BlockedSignals, int ClosedDescriptors)
{
    public static CallerState Plain { get; } = new(null, 0, 0, 0);

    public bool WasClosed(int descriptor) => (ClosedDescriptors & (1 << descriptor)) != 0;
}
