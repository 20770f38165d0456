using System.Globalization;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>What this process has from its caller and .NET does not tell.</summary>
internal static class ProcessState
{
    /// <summary>umask(2) cannot be asked for without being set.</summary>
    public static int Umask()
    {
        uint mask = Libc.umask(0x3F);
        Libc.umask(mask);
        return (int)mask;
    }

    /// <summary>-20 to 19; field 19 of /proc/self/stat.</summary>
    public static int Niceness()
    {
        string stat = Encoding.Latin1.GetString(ProcFile.Read("/proc/self/stat", 4096) ?? []);
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 16 && int.TryParse(fields[16], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int nice) ? nice : 0;
    }
}
