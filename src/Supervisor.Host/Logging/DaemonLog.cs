using Serilog;
using Serilog.Core;
using Serilog.Events;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Logging;

/// <summary>
/// The daemon's own log: <c>logs/daemon-DATE.log</c> in the state root, 0600 by the umask, a new file each day and each 10 MiB, the newest five
/// kept. What a session's command is called may be in it, never its arguments or environment. Where it cannot be written, the daemon goes on.
/// </summary>
internal static class DaemonLog
{
    public const string Folder = "logs";
    private const long MaxFileBytes = 10 * 1024 * 1024;
    private const int MaxFiles = 5;

    /// <param name="root">The state root.</param>
    /// <param name="rootFolder">It, open.</param>
    /// <param name="foreground">Also on standard error.</param>
    /// <exception cref="Protocol.Errors.SupException">The folder is not the user's own.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static Logger Open(StateRoot root, int rootFolder, bool foreground)
    {
        // Its owner and mode are checked; the files are then reached by its path.
        Libc.close(root.OpenOwn(rootFolder, Folder, create: true));
        JsonLine format = new();
        LoggerConfiguration log = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .WriteTo.File(
                format,
                Path.Combine(root.Path, Folder, "daemon-.log"),
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: MaxFileBytes,
                retainedFileCountLimit: MaxFiles);
        return foreground ? log.WriteTo.Sink(new StderrSink(format)).CreateLogger() : log.CreateLogger();
    }
}
