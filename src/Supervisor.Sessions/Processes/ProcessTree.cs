using System.Globalization;
using System.Text;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Terminal.Monitoring;

namespace Supervisor.Sessions.Processes;

/// <summary>
/// The processes of sessions: those that descend from a session's command, those whose environment carries the session's
/// id, and those of the terminal that sup made for it. Each process belongs to one session at most. A walk stops at what
/// outlives a session on purpose, or supervises another: owners of other sessions, the daemon, tmux servers. So a command
/// under a nested <c>sup run</c> belongs to the inner session alone. Owners and monitors belong to none.
/// </summary>
internal sealed class ProcessTree
{
    private const int MaxCommandLine = 4096;

    private const string OwnerName = "sup";
    private const string DaemonName = "sup-daemon";

    /// <summary>What every tmux server calls itself; it leads a session of its own.</summary>
    private const string TmuxServerName = "tmux: server";

    /// <summary>Verdicts beside the index of a session: not decided by its parent; nobody's, with all below it.</summary>
    private const int Open = -1, Nobody = -2;

    private readonly Dictionary<int, ProcStat> _all = [];
    private readonly Dictionary<int, int> _verdicts = [];
    private readonly Dictionary<int, int> _commands = [];
    private readonly Dictionary<int, int> _terminals = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, SessionMeta> _owners = [];

    private readonly string? _stateFolder;

    private ProcessTree(IReadOnlyList<SessionMeta> sessions, string? stateFolder)
    {
        _stateFolder = stateFolder;
        ReadAll();
        for (int i = 0; i < sessions.Count; i++)
        {
            if (string.Equals(sessions[i].BootId, ProcessIdentity.BootId, StringComparison.Ordinal))
            {
                Add(sessions[i], i);
            }
        }
    }

    /// <summary>One list per session, in the same order, each by pid; from one pass over /proc. Zombies are in it.</summary>
    /// <param name="sessions">Of one state folder.</param>
    /// <param name="stateFolder">That folder: another may hold a session of the same id. Null when it is not known.</param>
    public static IReadOnlyList<ProcStat>[] Of(IReadOnlyList<SessionMeta> sessions, string? stateFolder)
    {
        List<ProcStat>[] found = new List<ProcStat>[sessions.Count];
        for (int i = 0; i < found.Length; i++)
        {
            found[i] = [];
        }

        ProcessTree tree = new(sessions, stateFolder);
        int[] pids = new int[tree._all.Count];
        tree._all.Keys.CopyTo(pids, 0);
        Array.Sort(pids);
        foreach (int pid in pids)
        {
            ProcStat process = tree._all[pid];
            int verdict = tree.Verdict(process);
            if (verdict >= 0)
            {
                found[verdict].Add(process);
            }
        }

        return found;
    }

    public static IReadOnlyList<ProcStat> Of(SessionMeta session, string? stateFolder) => Of([session], stateFolder)[0];

    private void ReadAll()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && ProcStat.Read(pid) is { } process)
            {
                _all[pid] = process;
            }
        }
    }

    private void Add(SessionMeta session, int index)
    {
        _ids[session.Id] = index;
        _owners[session.OwnerPid] = session;
        bool hasTerminal = string.Equals(session.TransportMode, "posix-pty", StringComparison.Ordinal);
        if (session.Pid is { } pid && _all.TryGetValue(pid, out ProcStat? command) && command.StartTime == session.PidStartTime)
        {
            _commands[pid] = index;
            if (hasTerminal)
            {
                _terminals[command.Session] = index;
            }
        }
        else if (hasTerminal && IsOwner(session.OwnerPid))
        {
            // The command is gone, but who leads its terminal is not: a child of the owner.
            foreach (ProcStat process in _all.Values)
            {
                if (process.Parent == session.OwnerPid && process.Session == process.Pid)
                {
                    _terminals[process.Pid] = index;
                }
            }
        }
    }

    private bool IsOwner(int pid) =>
        _all.TryGetValue(pid, out ProcStat? process) && IsOwner(process);

    private bool IsOwner(ProcStat process) => _owners.TryGetValue(process.Pid, out SessionMeta? session) && session.OwnerStartTime == process.StartTime;

    /// <summary>Walks up to the first process that is decided, and comes back down.</summary>
    private int Verdict(ProcStat process)
    {
        Stack<ProcStat> path = new();
        ProcStat at = process;
        int verdict;
        while (!_verdicts.TryGetValue(at.Pid, out verdict))
        {
            path.Push(at);

            // A loop can only come of pids that were used again while /proc was read.
            if (path.Count > _all.Count || !_all.TryGetValue(at.Parent, out ProcStat? parent))
            {
                verdict = Open;
                break;
            }

            at = parent;
        }

        while (path.TryPop(out ProcStat? next))
        {
            verdict = Decide(next, verdict);
            _verdicts[next.Pid] = verdict;
        }

        return verdict;
    }

    private int Decide(ProcStat process, int parent)
    {
        if (_commands.TryGetValue(process.Pid, out int index))
        {
            return index;
        }

        if (IsServer(process))
        {
            return Nobody;
        }

        if (IsSupervisor(process))
        {
            return Open;
        }

        if (parent != Open)
        {
            return parent;
        }

        // An orphan, or a child of an owner. What it carries says whose it is; where it says nothing, its terminal does.
        ProcEnvironment environment = ProcEnvironment.Of(process.Pid);
        if (environment.TryGet("SUP_SESSION_ID="u8, out ReadOnlySpan<byte> id))
        {
            return _ids.TryGetValue(Encoding.UTF8.GetString(id), out index) && !(_stateFolder is not null && environment.LeadsElsewhere(_stateFolder))
                ? index
                : Nobody;
        }

        return _terminals.TryGetValue(process.Session, out index) ? index : Open;
    }

    private static bool IsServer(ProcStat process) =>
        string.Equals(process.Name, DaemonName, StringComparison.Ordinal)
        || (process.Pid == process.Session && string.Equals(process.Name, TmuxServerName, StringComparison.Ordinal));

    /// <summary>An owner of a session, also of another state folder, or the monitor of one.</summary>
    private bool IsSupervisor(ProcStat process)
    {
        if (IsOwner(process))
        {
            return true;
        }

        return string.Equals(process.Name, OwnerName, StringComparison.Ordinal)
            && (ProcEnvironment.Of(process.Pid).TryGet("SUP_LAUNCH="u8, out _) || IsPart(process.Pid));
    }

    /// <summary>A monitor, or a keeper: sup started by sup itself.</summary>
    private static bool IsPart(int pid)
    {
        byte[]? words = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"), MaxCommandLine);
        int first = words.AsSpan().IndexOf((byte)0) + 1;
        return first > 0
            && (words.AsSpan(first).StartsWith(Encoding.ASCII.GetBytes(SessionMonitor.Verb + "\0"))
                || words.AsSpan(first).StartsWith(Encoding.ASCII.GetBytes(KeeperOrder.Verb + "\0")));
    }
}
