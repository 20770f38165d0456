using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Events;

/// <summary>
/// What has happened to all sessions of a state folder, by time, and then what happens. Read from the sessions' files; the
/// waiting is for changes of those, and for the death of an owner, which changes none.
/// </summary>
public sealed unsafe class EventFeed : IDisposable
{
    /// <summary>Where an owner or a folder cannot be watched, it is looked at this often.</summary>
    private const int LookMilliseconds = 1000;

    /// <summary>
    /// An event can be written this much later than its time says. What may have been written behind the event to go on after is
    /// given again rather than left out.
    /// </summary>
    private static readonly TimeSpan WritingTime = TimeSpan.FromSeconds(2);

    private readonly StateRoot _root;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, FollowedSession> _sessions = new(StringComparer.Ordinal);
    private readonly Inotify? _changes;
    private string? _after;
    private bool _watchesFolder;

    /// <param name="root">Where the sessions are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="after">The id of the last event seen; null to begin with the first.</param>
    /// <param name="follow">Whether <see cref="Wait"/> will be called.</param>
    public EventFeed(StateRoot root, TimeProvider time, string? after, bool follow)
    {
        (_root, _time, _after) = (root, time, after);
        _changes = follow ? new Inotify() : null;
    }

    /// <summary>Everything new since the last call, by time. At first all there is, or all after the id given.</summary>
    public IReadOnlyList<SessionEvent> Read()
    {
        if (_changes is not null && !_watchesFolder)
        {
            _watchesFolder = _changes.Add(_root.Sessions, Inotify.Created | Inotify.MovedTo) >= 0;
        }

        string source = Source();
        EventId? after = _after is null ? null : EventId.Parse(_after);
        SessionEvent? gap = _after is not null && !string.Equals(after?.Source, source, StringComparison.Ordinal)
            ? Gap("the event to go on after is of another source: what follows is everything there is")
            : null;
        after = gap is null ? after : null;
        List<SessionEvent> found = ReadSessions(source, after);
        if (after is not null)
        {
            if (!found.Exists(e => e.Key == after))
            {
                gap = Gap("the event to go on after is gone, and others of its session with it: what follows is what came later");
            }

            DateTime boot = _time.GetUtcNow().UtcDateTime - TimeSpan.FromMilliseconds(Environment.TickCount64);
            found.RemoveAll(e => !IsAfter(e, after, boot));
        }

        found.Sort((a, b) => Compare(a.Key!, b.Key!));
        _after = null;
        return gap is null ? found : [gap, .. found];
    }

    /// <summary>Returns when something may have happened.</summary>
    public void Wait()
    {
        List<FollowedSession> live = [.. _sessions.Values.Where(s => s.Reader.IsLive)];
        bool all = _watchesFolder && live.TrueForAll(s => s.IsWatched);
        PollFd[] fds = [new PollFd { Fd = _changes!.Fd, Events = Libc.POLLIN }, .. live.Select(s => new PollFd { Fd = s.Owner, Events = Libc.POLLIN })];
        fixed (PollFd* p = fds)
        {
            Io.Poll(p, fds.Length, all ? Io.Forever : LookMilliseconds);
        }

        _changes.Clear();
        for (int i = 0; i < live.Count; i++)
        {
            if (fds[i + 1].Returned != 0)
            {
                live[i].ForgetOwner();
            }
        }
    }

    private List<SessionEvent> ReadSessions(string source, EventId? after)
    {
        List<SessionEvent> found = [];
        HashSet<string> there = new(StringComparer.Ordinal);
        using SessionsFolder? folder = SessionsFolder.Open(_root);
        foreach (SessionId id in folder?.Ids() ?? [])
        {
            there.Add(id.Value);
            if (!_sessions.TryGetValue(id.Value, out FollowedSession? session))
            {
                _sessions[id.Value] = session = new FollowedSession(new SessionEventReader(source, id), _changes);
            }

            if (!session.Reader.IsLive || session.IsSkipped)
            {
                continue;
            }

            using SessionFiles? files = folder!.Open(id, out _);
            if (files is null)
            {
                there.Remove(id.Value);
            }
            else if (after is not null && !string.Equals(after.Session, id.Value, StringComparison.Ordinal) && files.HadEndedBy(after.Time - WritingTime))
            {
                session.IsSkipped = true;
            }
            else
            {
                session.Read(files, _time.GetUtcNow().UtcDateTime, found);
            }
        }

        foreach (string gone in _sessions.Keys.Where(id => !there.Contains(id)).ToArray())
        {
            _sessions[gone].Dispose();
            _sessions.Remove(gone);
        }

        return found;
    }

    /// <summary>Whether an event follows another in the stream, or may have come to light after it.</summary>
    private static bool IsAfter(SessionEvent happened, EventId after, DateTime boot)
    {
        EventId key = happened.Key!;
        if (string.Equals(key.Session, after.Session, StringComparison.Ordinal))
        {
            return key.Place > after.Place;
        }

        if (Compare(key, after) > 0)
        {
            return true;
        }

        if (string.Equals(happened.Type, SessionEvent.Lost, StringComparison.Ordinal))
        {
            // Nobody wrote down when: it may have been at any time since, but not after the machine started anew.
            DateTime known = happened.WrittenBy ?? (happened.IsOfThisBoot ? DateTime.MaxValue : boot);
            return known >= after.Time;
        }

        return happened.WrittenBy >= after.Time && key.Time >= after.Time - WritingTime;
    }

    private static int Compare(EventId a, EventId b)
    {
        int order = a.Time.CompareTo(b.Time);
        order = order != 0 ? order : string.CompareOrdinal(a.Session, b.Session);
        return order != 0 ? order : a.Place.CompareTo(b.Place);
    }

    private SessionEvent Gap(string reason) => new()
    {
        Type = SessionEvent.Gap,
        Timestamp = _time.GetUtcNow().UtcDateTime,
        Reason = reason,
    };

    /// <summary>Tells this state folder on this machine from others: FNV-1a of what it is.</summary>
    private string Source()
    {
        const uint Basis = 2166136261, Prime = 16777619;
        Io.StatAt(Libc.AT_FDCWD, _root.Sessions, followLink: false, out StatX stat);
        uint hash = Basis;
        foreach (char c in string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}\n{_root.Path}\n{stat.Inode}"))
        {
            hash = (hash ^ c) * Prime;
        }

        return string.Create(CultureInfo.InvariantCulture, $"f{hash:x8}");
    }

    public void Dispose()
    {
        foreach (FollowedSession session in _sessions.Values)
        {
            session.Dispose();
        }

        _changes?.Dispose();
    }
}

/// <summary>One session of a feed, with what is watched of it while it lives.</summary>
internal sealed class FollowedSession(SessionEventReader reader, Inotify? changes) : IDisposable
{
    private int _folder = -1;
    private int _events = -1;

    public SessionEventReader Reader => reader;

    /// <summary>It had ended before what is asked for.</summary>
    public bool IsSkipped { get; set; }

    /// <summary>A descriptor that becomes readable with the owner's death, or -1.</summary>
    public int Owner { get; private set; } = -1;

    /// <summary>Whether nothing can happen to it unnoticed. The file of events is announced by the folder when it is made.</summary>
    public bool IsWatched => _folder >= 0 && Owner >= 0;

    public void Read(SessionFiles files, DateTime now, List<SessionEvent> found)
    {
        do
        {
            found.AddRange(reader.Read(files, now));
        }
        while (reader.IsLive && changes is not null && Watch(files.Path));

        if (!reader.IsLive)
        {
            Dispose();
        }
    }

    public void ForgetOwner()
    {
        if (Owner >= 0)
        {
            Libc.close(Owner);
            Owner = -1;
        }
    }

    /// <summary>Whether something is watched from now on that was not before: what happened to it until now has to be looked for.</summary>
    private bool Watch(string path)
    {
        bool more = false;
        if (_folder < 0)
        {
            _folder = changes!.Add(path, Inotify.MovedTo | Inotify.Created);
            more |= _folder >= 0;
        }

        if (_events < 0)
        {
            _events = changes!.Add(Path.Combine(path, Artifact.Events), Inotify.Modified);
            more |= _events >= 0;
        }

        if (Owner < 0 && reader.Meta is { } meta && ProcessIdentity.Of(meta.OwnerPid)?.StartTime == meta.OwnerStartTime)
        {
            Owner = (int)Libc.syscall(Libc.SYS_pidfd_open, meta.OwnerPid, 0, 0);
            more |= Owner >= 0;
        }

        return more;
    }

    public void Dispose()
    {
        ForgetOwner();
        foreach (int watch in new[] { _folder, _events })
        {
            if (watch >= 0)
            {
                changes!.Remove(watch);
            }
        }

        (_folder, _events) = (-1, -1);
    }
}
