using System.Globalization;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal.Monitoring;

namespace Supervisor.Cli.Launch;

/// <summary>This program as the monitor of a <c>sup run</c>'s terminal; not for people.</summary>
internal static class MonitorProgram
{
    public static int Run(string owner, string terminal, string userTerminal)
    {
        Descriptors.DropRuntimeCopies();
        using SessionMonitor monitor = new(Number(owner), Number(terminal), Number(userTerminal));
        monitor.Run();
        Libc._exit(0);
        return 0;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
