using System.Collections;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;

namespace Supervisor.Client;

/// <summary>Starts the daemon's program so that it belongs to nobody: not to this process, its session, terminal, folder or pipes.</summary>
internal static unsafe class DaemonSpawn
{
    private const string Program = "sup-daemon";
    private const int Stdin = 0, Stdout = 1, Stderr = 2;

    /// <summary>The shell ends at once, and init (or a subreaper) takes over what it started.</summary>
    private const string Orphaned = "exec \"$0\" \"$@\" &";

    /// <summary>
    /// The same in a scope of the user manager: its cgroup is then not that of the caller's terminal or service, and does not end with it.
    /// Tried first with a program that does nothing: a daemon that ended by itself must not be started again. One command that runs out of memory
    /// must not end the others: systemd before 253 does not know that setting of scopes, and leaves them alone.
    /// </summary>
    private const string InScope =
        "{ for p in -pOOMPolicy=continue --no-ask-password; do " +
        "systemd-run --user --scope --quiet --collect $p true </dev/null >/dev/null 2>&1 " +
        "&& exec systemd-run --user --scope --quiet --collect $p --description='sup daemon' -- \"$0\" \"$@\"; done; exec \"$0\" \"$@\"; } &";

    private static readonly int[] Unchangeable = [Signals.SIGKILL, Signals.SIGSTOP];

    /// <summary>The one beside this program: a daemon is of the version of the sup that started it.</summary>
    public static string DefaultProgram => Path.Combine(Path.GetDirectoryName(Environment.ProcessPath) ?? "/", Program);

    /// <summary>Starts it.</summary>
    /// <param name="stateRoot">The state root's absolute path.</param>
    /// <param name="program">Null for <see cref="DefaultProgram"/>.</param>
    /// <returns>
    /// The reading end of its standard error, non-blocking: what goes wrong before it is ready is said there, and it ends when the daemon is ready or
    /// gone. The caller closes it.
    /// </returns>
    /// <exception cref="SupException">The program cannot be started.</exception>
    public static int Start(string stateRoot, string? program)
    {
        string path = program ?? DefaultProgram;
        if (!File.Exists(path))
        {
            throw DaemonErrors.Unavailable($"the daemon cannot be started: {path} is missing", "install or build sup again");
        }

        (int read, int write) = Io.Pipe();
        Io.SetNonBlocking(read);
        Spawn spawn = new()
        {
            Arguments = [Bytes("sh"), Bytes("-c"), Bytes(HasUserManager() ? InScope : Orphaned), NativeText.Encode(path)],
            Environment = EnvironmentFor(stateRoot),
            Descriptors =
            [
                new DescriptorAction(Stdin, Stdin, "/dev/null"),
                new DescriptorAction(Stdout, Stdout, "/dev/null"),
                new DescriptorAction(Stderr, write),
            ],
            WorkingDirectory = "/",
            NewSession = true,
            SignalsToDefault = ~Signals.SetOf(Unchangeable),
        };
        int error = spawn.Start("/bin/sh"u8, out int pid);
        Libc.close(write);
        if (error != 0)
        {
            Libc.close(read);
            throw DaemonErrors.Unavailable($"the daemon cannot be started: /bin/sh: {Errno.Text(error)}", "sup doctor looks for what may be wrong");
        }

        byte* info = stackalloc byte[128];
        Libc.waitid(Libc.P_PID, pid, info, Libc.WEXITED);
        return read;
    }

    /// <summary>Becomes the daemon, in this terminal and under this pid.</summary>
    /// <returns>Only when it cannot: why.</returns>
    public static SupException Become(string stateRoot)
    {
        byte[] path = NativeText.Encode(DefaultProgram);
        using NativeStrings argv = new([path, Bytes("--foreground")]);
        using NativeStrings envp = new(EnvironmentFor(stateRoot));
        fixed (byte* p = NativeStrings.Terminated(path))
        {
            Libc.execve(p, argv.Pointers, envp.Pointers);
        }

        return DaemonErrors.Unavailable($"the daemon cannot be started: {DefaultProgram}: {Errno.Text(Errno.Last)}", "install or build sup again");
    }

    /// <summary>
    /// The caller's, without what tells of its session; with the state root it means, and what keeps a .NET process small and without traces
    /// in /tmp (build/launch.sh).
    /// </summary>
    internal static List<byte[]> EnvironmentFor(string stateRoot)
    {
        List<byte[]> environment = [];
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry is { Key: string name, Value: string value } && (!name.StartsWith("SUP_", StringComparison.Ordinal) || name is CrashPoint.Variable) && !IsRuntimeSetting(name))
            {
                environment.Add(NativeText.Encode(name + "=" + value));
            }
        }

        environment.Add(NativeText.Encode("SUP_STATE_DIR=" + stateRoot));
        environment.Add(Bytes("DOTNET_EnableDiagnostics=0"));
        environment.Add(Bytes("DOTNET_EnableWriteXorExecute=0"));
        environment.Add(Bytes("DOTNET_LTTng=0"));
        environment.Add(Bytes("DOTNET_GCgen0size=400000"));
        return environment;
    }

    private static bool IsRuntimeSetting(string name) =>
        (name.StartsWith("DOTNET_", StringComparison.Ordinal) && !name.StartsWith("DOTNET_ROOT", StringComparison.Ordinal))
        || name.StartsWith("COMPlus_", StringComparison.Ordinal)
        || name.StartsWith("CORECLR_", StringComparison.Ordinal);

    /// <summary>Whether there seems to be a user manager to ask for a scope.</summary>
    private static bool HasUserManager() =>
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } folder && File.Exists(Path.Combine(folder, "systemd", "private"));

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
