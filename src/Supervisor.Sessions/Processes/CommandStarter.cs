using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Processes;

/// <summary>Why a command did not start, in the terms of env(1) and sh(1).</summary>
/// <param name="ExitCode">125, 126 or 127.</param>
/// <param name="Message">Names the program and the cause; no arguments.</param>
public sealed record StartFailure(int ExitCode, string Message);

/// <summary>
/// Starts a command the way execvp(3) would from the caller's own state: the program is looked for in the command's
/// PATH, a file without a known format is given to the shell, and limits and signals are put back around the spawn.
/// </summary>
internal static class CommandStarter
{
    private static readonly byte[] Shell = "/bin/sh"u8.ToArray();

    /// <summary>The lowest signal that only the C library may touch, and the highest.</summary>
    private const int FirstReserved = 32, LastReserved = 33;

    /// <summary>
    /// Signals that a command must not inherit as ignored: SIGPIPE, which .NET ignores before Main, SIGXFSZ, which sup does, and the two that
    /// glibc's posix_spawn would leave ignored because the library itself handles them here.
    /// </summary>
    private static readonly ulong ChangedHere = Signals.SetOf(Signals.SIGPIPE, Signals.SIGXFSZ, FirstReserved, LastReserved);

    private const int LastSignal = 64;

    /// <param name="spec">What to start.</param>
    /// <param name="descriptors">What its descriptors 0 to 2 become, where not ours.</param>
    /// <param name="newProcessGroup">Whether it leads a process group of its own.</param>
    /// <param name="newSession">Whether it leads a terminal session of its own.</param>
    /// <param name="foregroundOf">A terminal whose foreground group it becomes before its first instruction, or -1.</param>
    /// <returns>The pid, or the failure.</returns>
    public static (int Pid, StartFailure? Failure) Start(
        CommandSpec spec, IReadOnlyList<DescriptorAction> descriptors, bool newProcessGroup, int foregroundOf = -1, bool newSession = false)
    {
        if (spec.WorkingDirectory is { } cwd && CheckDirectory(cwd) is { } failure)
        {
            return (0, failure);
        }

        List<byte[]> candidates = SearchPath.Find(spec.Arguments[0], SearchPath.Of(spec.Environment), spec.WorkingDirectory);
        Spawn Prepare(IReadOnlyList<byte[]> arguments) => new()
        {
            Arguments = arguments,
            Environment = spec.Environment,
            Descriptors = descriptors,
            WorkingDirectory = spec.WorkingDirectory,
            NewProcessGroup = newProcessGroup,
            NewSession = newSession,
            ForegroundOf = foregroundOf,
            SignalsToDefault = ChangedHere & ~spec.Caller.IgnoredSignals,
            SignalMask = spec.Caller.BlockedSignals,
            OpenFilesSoftLimit = spec.Caller.OpenFilesSoftLimit,
        };

        IgnoreAs(spec.Caller);
        return TryEach(candidates, spec, Prepare);
    }

    private static (int Pid, StartFailure? Failure) TryEach(
        List<byte[]> candidates, CommandSpec spec, Func<IReadOnlyList<byte[]>, Spawn> prepare)
    {
        byte[] program = spec.Arguments[0];
        int worst = Errno.ENOENT;
        byte[]? found = null;
        Spawn plain = prepare(spec.Arguments);
        foreach (byte[] candidate in candidates)
        {
            int error = plain.Start(candidate, out int pid);
            if (error == Errno.ENOEXEC)
            {
                // POSIX, execvp: a file that is no program is a shell script. posix_spawn leaves that to us.
                error = prepare(AsScript(candidate, spec.Arguments)).Start(Shell, out pid);
            }

            if (error == 0)
            {
                return (pid, null);
            }

            if (error is not (Errno.ENOENT or Errno.ENOTDIR))
            {
                worst = error;
                found = candidate;
                if (error != Errno.EACCES)
                {
                    break;
                }
            }
            else if (Io.Exists(candidate, spec.WorkingDirectory))
            {
                (worst, found) = (error, candidate);
                break;
            }
        }

        return (0, Explain(program, worst, found));
    }

    private static List<byte[]> AsScript(byte[] path, IReadOnlyList<byte[]> arguments)
    {
        List<byte[]> script = [Shell, path];
        for (int i = 1; i < arguments.Count; i++)
        {
            script.Add(arguments[i]);
        }

        return script;
    }

    private static StartFailure? CheckDirectory(string cwd)
    {
        int fd = Io.Open(cwd, Libc.O_PATH | Libc.O_DIRECTORY);
        int error = Errno.Last;
        if (fd >= 0)
        {
            bool entered = Io.CanEnter(fd);
            error = Errno.Last;
            Libc.close(fd);
            if (entered)
            {
                return null;
            }
        }

        return new StartFailure(ExitCode.Failure, $"cannot enter the folder {cwd}: {Errno.Text(error)}; name another --cwd");
    }

    private static StartFailure Explain(byte[] program, int error, byte[]? found)
    {
        string name = Encoding.UTF8.GetString(program);
        if (found is null)
        {
            return new StartFailure(ExitCode.CommandNotFound, $"cannot run {name}: command not found; check its spelling and PATH");
        }

        string why = error is Errno.ENOENT or Errno.ENOTDIR ? "the interpreter it names is missing" : Errno.Text(error);
        return new StartFailure(ExitCode.NotExecutable, $"cannot run {name}: {why}");
    }

    /// <summary>
    /// What the caller ignores, the command ignores: dispositions pass through exec, so this process takes them too.
    /// Signals that sup reads by signalfd are blocked, and a blocked signal stays pending even when ignored.
    /// </summary>
    private static void IgnoreAs(CallerState caller)
    {
        for (int signal = 1; signal <= LastSignal; signal++)
        {
            // Not SIGCHLD: with it ignored the kernel would throw the command's exit status away.
            bool mayBe = signal is (< FirstReserved or > LastReserved) and not Signals.SIGCHLD;
            if (mayBe && Signals.Contains(caller.IgnoredSignals, signal))
            {
                Signals.Ignore(signal);
            }
        }
    }
}
