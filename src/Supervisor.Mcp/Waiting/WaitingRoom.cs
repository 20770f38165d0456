using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Waiting;

namespace Supervisor.Mcp.Waiting;

/// <summary>Where calls wait for sessions: all that wait for one do so together.</summary>
internal sealed class WaitingRoom(StateRoot root)
{
    /// <summary>Looking through more output than this, in bytes, is not for a thread that answers others.</summary>
    private const int Little = 256 * 1024;

    private readonly Lock _changing = new();
    private readonly Dictionary<string, WaitGroup> _groups = new(StringComparer.Ordinal);

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>Waits.</summary>
    /// <param name="files">The session; stays the caller's, and is used until the wait is over.</param>
    /// <param name="wait">With the status as it was just read.</param>
    /// <param name="behind">How many bytes of output there are already for its condition to look through.</param>
    /// <returns>When the wait is over: also when it was cancelled.</returns>
    public Task<WaitResult> Wait(SessionFiles files, PendingWait wait, long behind)
    {
        if (behind <= Little)
        {
            Begin(files, wait);
        }
        else
        {
            SmallThread.Start("look", () => Begin(files, wait));
        }

        return wait.Task;
    }

    private void Begin(SessionFiles files, PendingWait wait)
    {
        try
        {
            if (!wait.IsOverAtOnce(files, Now))
            {
                Join(files, wait);
            }
        }
        catch (Exception e)
        {
            wait.Fail(e);
        }
    }

    private void Join(SessionFiles files, PendingWait wait)
    {
        string id = files.Id.Value;
        lock (_changing)
        {
            if (_groups.TryGetValue(id, out WaitGroup? group) && group.TryAdd(wait, files))
            {
                return;
            }

            // The group may outlive the call that it begins with.
            SessionFiles own = SessionFiles.Open(root, files.Id)
                ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}");
            group = new WaitGroup(own, TimeProvider.System);
            if (group.TryAdd(wait, files) && SmallThread.TryStart("wait", () => Run(group, own)) is not null)
            {
                _groups[id] = group;
                return;
            }

            // Deleted meanwhile, or no thread to be had.
            group.Dispose();
            own.Dispose();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot wait for session {id}", "try again");
        }
    }

    private void Run(WaitGroup group, SessionFiles own)
    {
        using SessionFiles files = own;
        using WaitGroup run = group;
        group.Run();
        lock (_changing)
        {
            if (_groups.TryGetValue(own.Id.Value, out WaitGroup? present) && present == group)
            {
                _groups.Remove(own.Id.Value);
            }
        }
    }
}
