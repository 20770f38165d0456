using System.Globalization;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Cli.Launch;

/// <summary>
/// What whoever called <c>sup run</c> gave it, before a shell and a runtime touched it: the wrapper (build/launch.sh)
/// hands over what they change, the kernel still has the rest.
/// </summary>
internal sealed class Caller
{
    private const string StateVariable = "SUP_LAUNCH";
    private const string EnvironmentVariable = "SUP_ENV";
    private const int MaxProcFile = 8 * 1024 * 1024;

    private List<byte[]>? _environment;
    private List<byte[]>? _arguments;

    private Caller(CallerState state) => State = state;

    public CallerState State { get; }

    /// <summary><c>NAME=value</c> entries, in order.</summary>
    public IReadOnlyList<byte[]> Environment => _environment ??= ReadEnvironment();

    /// <summary>This process's arguments as bytes, the program's own name first.</summary>
    public IReadOnlyList<byte[]> Arguments => _arguments ??= Split(ProcFile.Read("/proc/self/cmdline", MaxProcFile) ?? []);

    /// <summary>
    /// Reads it all. When the signals that sup reads as data are not blocked yet, this process starts itself again with
    /// them blocked: the runtime's threads inherit the mask only at their start. The wrapper normally saw to that.
    /// </summary>
    public static Caller Receive()
    {
        ulong blocked = Signals.Block(Signals.Handled);
        string? handed = System.Environment.GetEnvironmentVariable(StateVariable);
        if ((blocked & Signals.Handled) != Signals.Handled)
        {
            StartAgain(handed ?? string.Create(CultureInfo.InvariantCulture, $"nofile= ign={Ignored():x} blk={blocked:x} closed="));
        }

        // A transcript past the caller's limit of file sizes is an error like a full disk, not our death.
        Signals.Ignore(Signals.SIGXFSZ);
        Descriptors.DropRuntimeCopies();
        return new Caller(Parse(handed ?? ""));
    }

    internal static CallerState Parse(string handed)
    {
        ulong? openFiles = null;
        ulong ignored = 0;
        ulong blocked = 0;
        int closed = 0;
        foreach (string field in handed.Split(' '))
        {
            string[] pair = field.Split('=', 2);
            string value = pair.Length == 2 ? pair[1] : "";
            switch (pair[0])
            {
                case "nofile" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong soft):
                    openFiles = soft;
                    break;
                case "nofile" when value is "unlimited":
                    openFiles = ulong.MaxValue;
                    break;
                case "ign" when ulong.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong set):
                    ignored = set;
                    break;
                case "blk" when ulong.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong set):
                    blocked = set;
                    break;
                case "closed":
                    foreach (char c in value)
                    {
                        closed |= c is >= '0' and <= '2' ? 1 << (c - '0') : 0;
                    }

                    break;
                default:
                    break;
            }
        }

        return new CallerState(openFiles, ignored, blocked, closed);
    }

    private static List<byte[]> ReadEnvironment()
    {
        if (System.Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } text)
        {
            byte[] bytes = new byte[text.Length];
            if (Convert.TryFromBase64String(text, bytes, out int length))
            {
                return Split(bytes.AsSpan(0, length));
            }
        }

        List<byte[]> environment = Split(ProcFile.Read("/proc/self/environ", MaxProcFile) ?? []);
        environment.RemoveAll(IsOurs);
        return environment;
    }

    private static bool IsOurs(byte[] entry)
    {
        string text = Encoding.Latin1.GetString(entry);
        return text.StartsWith(StateVariable + "=", StringComparison.Ordinal)
            || text.StartsWith(EnvironmentVariable + "=", StringComparison.Ordinal)
            || text is "DOTNET_EnableDiagnostics=0" or "DOTNET_GCgen0size=100000" or "DOTNET_EnableWriteXorExecute=0"
                or "DOTNET_LTTng=0";
    }

    private static List<byte[]> Split(ReadOnlySpan<byte> strings)
    {
        List<byte[]> list = [];
        while (!strings.IsEmpty)
        {
            int end = strings.IndexOf((byte)0);
            end = end < 0 ? strings.Length : end;
            list.Add(strings[..end].ToArray());
            strings = strings[Math.Min(strings.Length, end + 1)..];
        }

        return list;
    }

    private static ulong Ignored()
    {
        string status = Encoding.ASCII.GetString(ProcFile.Read("/proc/self/status", MaxProcFile) ?? []);
        string? line = status.Split('\n').FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal));
        ulong set = line is null ? 0 : ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        // The runtime's own doing, not the caller's.
        return set & ~Signals.SetOf(Signals.SIGPIPE);
    }

    private static unsafe void StartAgain(string state)
    {
        List<byte[]> environment = Split(ProcFile.Read("/proc/self/environ", MaxProcFile) ?? []);
        environment.RemoveAll(e => Encoding.Latin1.GetString(e).StartsWith(StateVariable + "=", StringComparison.Ordinal));
        environment.Add(Encoding.ASCII.GetBytes($"{StateVariable}={state}"));
        if (!environment.Exists(e => e.AsSpan().StartsWith("DOTNET_EnableDiagnostics="u8)))
        {
            environment.Add("DOTNET_EnableDiagnostics=0"u8.ToArray());
        }

        environment.Add("DOTNET_EnableWriteXorExecute=0"u8.ToArray());

        using NativeStrings argv = new(Split(ProcFile.Read("/proc/self/cmdline", MaxProcFile) ?? []));
        using NativeStrings envp = new(environment);
        fixed (byte* path = "/proc/self/exe\0"u8)
        {
            Libc.execve(path, argv.Pointers, envp.Pointers);
        }

        throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot start again with signals blocked: {Errno.Text(Errno.Last)}");
    }
}
