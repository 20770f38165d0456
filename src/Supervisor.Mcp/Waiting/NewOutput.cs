using Supervisor.Sessions.Store;
using Supervisor.Sessions.Waiting;

namespace Supervisor.Mcp.Waiting;

/// <summary>Any output behind a cursor.</summary>
internal sealed class NewOutput(long cursor) : IWaitCondition
{
    public string Reason => "output";

    public TimeSpan? LookAgain => null;

    public bool NeedsStatus => true;

    public long? Cursor => null;

    public long? NextCursor { get; private set; }

    public string? Line => null;

    public bool IsMet(SessionStatus status, DateTime now)
    {
        NextCursor = status.OutputBytes;
        return status.OutputBytes > cursor;
    }
}
