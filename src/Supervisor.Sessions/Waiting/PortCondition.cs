using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Waiting;

/// <summary>A process of the session listens on a TCP port. Nothing in the system announces that: it is looked for.</summary>
/// <param name="port">1 to 65535.</param>
public sealed class PortCondition(int port) : IWaitCondition
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public string Reason => "port";

    public TimeSpan? LookAgain => Interval;

    public bool NeedsStatus => true;

    public long? Cursor => null;

    public long? NextCursor { get; private set; }

    public string? Line => null;

    public bool IsMet(SessionStatus status, DateTime now)
    {
        NextCursor = status.OutputBytes;
        return status.Meta is { } meta && ListeningPort.IsHeldBy(meta, status.Path, port);
    }
}
