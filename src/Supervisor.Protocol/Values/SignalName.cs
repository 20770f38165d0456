using System.Globalization;

namespace Supervisor.Protocol.Values;

/// <summary>Linux signal numbers and their names, which people write as <c>TERM</c>, <c>SIGTERM</c> or <c>15</c>.</summary>
public static class SignalName
{
    private const int FirstRealTime = 34;
    private const int LastRealTime = 64;
    private const string RealTime = "RTMIN";

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

    /// <summary>Reads a name with or without <c>SIG</c>, in any case, or a number from 1 to 64.</summary>
    public static bool TryParse(string? text, out int signal)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
        {
            return signal is > 0 and <= LastRealTime;
        }

        string name = (text ?? "").ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        if (name.StartsWith(RealTime, StringComparison.Ordinal))
        {
            string offset = name[RealTime.Length..];
            signal = offset.Length == 0 ? FirstRealTime
                : offset[0] == '+' && int.TryParse(offset.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n <= LastRealTime - FirstRealTime
                    ? FirstRealTime + n
                    : 0;
        }
        else
        {
            signal = name.Length == 0 ? 0 : Math.Max(0, Array.IndexOf(Names, name));
        }

        return signal > 0;
    }
}
