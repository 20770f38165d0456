using Supervisor.Sessions.Store;
using Supervisor.Sessions.Waiting;

namespace Supervisor.Mcp.Waiting;

/// <summary>Several conditions, of which one is enough; the first in order that is met counts.</summary>
internal sealed class AnyCondition(IReadOnlyList<IWaitCondition> conditions) : IWaitCondition
{
    private IWaitCondition? _met;

    public string Reason => _met?.Reason ?? "";

    public TimeSpan? LookAgain => conditions.Min(static c => c.LookAgain);

    public bool NeedsStatus => conditions.Any(static c => c.NeedsStatus);

    public long? Cursor => _met?.Cursor;

    public long? NextCursor => _met?.NextCursor;

    public string? Line => _met?.Line;

    public bool IsMet(SessionStatus status, DateTime now)
    {
        foreach (IWaitCondition condition in conditions)
        {
            if (condition.IsMet(status, now))
            {
                _met = condition;
                return true;
            }
        }

        return false;
    }
}
