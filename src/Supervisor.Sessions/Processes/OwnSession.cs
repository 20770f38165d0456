using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>
/// Which sessions a process runs in: the one that its <c>SUP_SESSION_ID</c> names, and each whose command or owner is an
/// ancestor of it. The variable alone would not do (<c>env -i</c> drops it, an inner session replaces it), nor would the
/// ancestors (what was forked twice has lost them).
/// </summary>
public sealed class OwnSession
{
    /// <summary>Deeper than any real chain of parents; a bound, because parents may change while they are read.</summary>
    private const int MaxDepth = 256;

    private readonly string? _id;
    private readonly ProcessIdentity[] _ancestors = new ProcessIdentity[MaxDepth];
    private readonly int _count;

    private OwnSession(string? id, int pid)
    {
        _id = id;
        while (pid > 0 && _count < MaxDepth && ProcStat.Read(pid) is { } stat)
        {
            _ancestors[_count++] = new ProcessIdentity(pid, stat.StartTime);
            pid = stat.Parent;
        }
    }

    /// <summary>Of the calling process. Reads one file of /proc for each ancestor, the first time.</summary>
    public static OwnSession Current { get; } =
        new(Environment.GetEnvironmentVariable("SUP_SESSION_ID"), Libc.getpid());

    /// <summary>Of a process with these in its environment and above it.</summary>
    /// <param name="variable">The value of <c>SUP_SESSION_ID</c>; null when it is not set.</param>
    /// <param name="pid">The process whose ancestors count; it does itself, too.</param>
    internal static OwnSession Of(string? variable, int pid) => new(variable, pid);

    /// <summary>Whether the process runs in this session.</summary>
    /// <param name="id">The session's id.</param>
    /// <param name="meta">Its meta.json; without it only the variable can tell.</param>
    public bool Is(SessionId id, SessionMeta? meta)
    {
        if (string.Equals(_id, id.Value, StringComparison.Ordinal))
        {
            return true;
        }

        if (meta is null || !string.Equals(meta.BootId, ProcessIdentity.BootId, StringComparison.Ordinal))
        {
            return false;
        }

        for (int i = 0; i < _count; i++)
        {
            ProcessIdentity ancestor = _ancestors[i];
            if ((ancestor.Pid == meta.Pid && ancestor.StartTime == meta.PidStartTime)
                || (ancestor.Pid == meta.OwnerPid && ancestor.StartTime == meta.OwnerStartTime))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Refuses what would make a session wait for itself, or end it under the caller's feet.</summary>
    /// <param name="id">The session's id.</param>
    /// <param name="meta">Its meta.json.</param>
    /// <param name="what">What is refused: <c>follow</c>, <c>wait for</c>, <c>stop</c>.</param>
    /// <param name="hint">What to do instead; null for none.</param>
    /// <exception cref="SupException"><see cref="ErrorCode.OwnSession"/>: the process runs in it.</exception>
    public void Refuse(SessionId id, SessionMeta? meta, string what, string? hint)
    {
        if (Is(id, meta))
        {
            throw new SupException(
                ErrorCode.OwnSession, ExitCode.Failure, $"cannot {what} session {id}: this command runs in it", hint);
        }
    }
}
