using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>Linux signal numbers and their names, which people write as <c>TERM</c>, <c>SIGTERM</c> or <c>15</c>.</summary>
public static class SignalName
{
    private const int FirstRealTime = 34;
    private const int LastRealTime = 64;

    /// <summary>Index = signal number (Linux, signal(7), x86 and ARM).</summary>
    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary><c>SIGTERM</c> for 15; real-time signals as <c>SIGRTMIN+n</c>.</summary>
    public static string Of(int signal) => signal switch
    {
        > 0 when signal < Names.Length => "SIG" + Names[signal],
        FirstRealTime => "SIGRTMIN",
        > FirstRealTime and <= LastRealTime => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{signal - FirstRealTime}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"SIG{signal}"),
    };
}
