using System.Reflection;
using Supervisor.Host.Logging;
using Supervisor.Host.Supervision;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Stats;
using Supervisor.Sessions.Store;

namespace Supervisor.Host;

/// <summary>Which daemon this is.</summary>
internal sealed class DaemonIdentity(StateRoot root, string socket, long epoch, TimeProvider time)
{
    public StateRoot Root => root;

    private readonly ProcessIdentity _self = ProcessIdentity.Self;
    private readonly DateTime _startedAt = time.GetUtcNow().UtcDateTime;
    private readonly long _started = time.GetTimestamp();

    /// <summary>The product's.</summary>
    public static string Version { get; } =
        typeof(DaemonIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public DaemonRecord Record => new()
    {
        Pid = _self.Pid,
        PidStartTime = _self.StartTime,
        BootId = ProcessIdentity.BootId,
        Version = Version,
        ApiMin = ApiVersion.Min,
        ApiMax = ApiVersion.Max,
        StartedAt = _startedAt,
        Socket = socket,
        Epoch = epoch,
        Host = Environment.MachineName,
    };

    public DaemonStatus Status(SupervisionStatus supervision) => new()
    {
        Pid = _self.Pid,
        Version = Version,
        ApiMin = ApiVersion.Min,
        ApiMax = ApiVersion.Max,
        StartedAt = _startedAt,
        UptimeSeconds = Math.Round(time.GetElapsedTime(_started).TotalSeconds, 3),
        Socket = socket,
        Epoch = epoch,
        MemoryBytes = TreeMeter.Memory(_self.Pid).Private,
        Sessions = supervision.Supervised + supervision.Observed,
        ObservedSessions = supervision.Observed,
        JournalBytes = supervision.JournalBytes,
        ActorRestarts = supervision.ActorRestarts,
        Logs = Path.Combine(root.Path, DaemonLog.Folder),
    };
}
