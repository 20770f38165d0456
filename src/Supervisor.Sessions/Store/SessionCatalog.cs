using System.Runtime.ExceptionServices;
using Supervisor.Protocol;
using Supervisor.Sessions.Live;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Sessions.Store;

/// <summary>All sessions of a state root.</summary>
public sealed class SessionCatalog(StateRoot root, TimeProvider time)
{
    /// <summary>So many sessions are worth a second thread.</summary>
    private const int EnoughForTwo = 64;

    private const int MaxListed = 10;

    private delegate SessionStatus? Look(SessionFiles files, DateTime now);

    /// <summary>The ids of all sessions, in no order, without a look at any.</summary>
    public IReadOnlyList<SessionId> Ids()
    {
        using SessionsFolder? folder = SessionsFolder.Open(root);
        return folder?.Ids() ?? [];
    }

    /// <summary>Every session, newest first.</summary>
    /// <param name="withGaps">Whether to find out what is missing in their transcripts, too.</param>
    public IReadOnlyList<SessionStatus> All(bool withGaps = false) =>
        Visit((files, now) => WithGaps(SessionStatus.Of(files, now), files, withGaps));

    /// <summary>The live sessions, newest first, and how many have ended, of which little is read.</summary>
    /// <param name="withGaps">Whether to find out what is missing in their transcripts, too.</param>
    public LiveSessions Live(bool withGaps = false)
    {
        int ended = 0;
        List<SessionStatus> live = Visit((files, now) =>
        {
            // An owner takes the lock before it writes meta.json: one that is there without the lock held has ended.
            if (!files.Has(Artifact.Meta) || files.IsOwned())
            {
                SessionStatus status = SessionStatus.Of(files, now);
                if (status.State.IsLive())
                {
                    return WithGaps(status, files, withGaps);
                }
            }

            Interlocked.Increment(ref ended);
            return null;
        });
        live.RemoveAll(static s => !s.State.IsLive());
        return new LiveSessions(live, ended);
    }

    /// <summary>The session a person means: its exact id, else its exact name (live, else newest), else a unique prefix of its id.</summary>
    /// <exception cref="SupException">There is none, or several, or only its line in the history is left.</exception>
    public SessionStatus Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        using SessionsFolder? folder = SessionsFolder.Open(root);
        return (folder is null ? null : ById(folder, text) ?? ByName(folder, text) ?? ByPrefix(folder, text))
            ?? throw NotStored(text);
    }

    private SupException NotStored(string text) => new SessionHistory(root, time).Find(text) is { } expired
        ? new SupException(
            ErrorCode.SessionExpired,
            ExitCode.Failure,
            $"session {expired.Id} has expired: it was removed at {Timestamp.Of(expired.ExpiredAt)}, and its output is gone",
            $"sup show {expired.Id} tells how it ended")
        : new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {Printable.Word(text)}", "sup ls --all lists them");

    private SessionStatus? ById(SessionsFolder folder, string text)
    {
        using SessionFiles? files = SessionId.TryParse(text, out SessionId id) ? folder.Open(id, out _) : null;
        return files is null ? null : SessionStatus.Of(files, Now);
    }

    private SessionStatus? ByName(SessionsFolder folder, string text)
    {
        if (!SessionName.TryParse(text, out SessionName name))
        {
            return null;
        }

        // Who holds the name says so, and need not be looked for.
        if (NameLock.Holder(root, name) is { } holder
            && ById(folder, holder.Value) is { } held && held.State.IsLive() && string.Equals(held.Meta?.Name, text, StringComparison.Ordinal))
        {
            return held;
        }

        string? best = null;
        bool bestLives = false;
        DateTime bestStart = default;
        Lock choosing = new();
        Visit((files, _) =>
        {
            if (files.ReadMetaNamed(text) is { } meta)
            {
                bool lives = files.IsOwned();
                lock (choosing)
                {
                    if (best is null || (lives && !bestLives) || (lives == bestLives && meta.StartedAt > bestStart))
                    {
                        (best, bestLives, bestStart) = (files.Id.Value, lives, meta.StartedAt);
                    }
                }
            }

            return null;
        });
        return best is null ? null : ById(folder, best);
    }

    private SessionStatus? ByPrefix(SessionsFolder folder, string text)
    {
        List<string> matching = [];
        foreach (SessionId id in text.Length > 0 ? folder.Ids() : [])
        {
            if (id.Value.StartsWith(text, StringComparison.Ordinal))
            {
                matching.Add(id.Value);
            }
        }

        if (matching.Count <= 1)
        {
            return matching.Count == 0 ? null : ById(folder, matching[0]);
        }

        matching.Sort(StringComparer.Ordinal);
        string listed = string.Join(", ", matching.GetRange(0, Math.Min(matching.Count, MaxListed)));
        string more = matching.Count > MaxListed ? $" and {matching.Count - MaxListed} more" : "";
        throw new SupException(ErrorCode.SessionAmbiguous, ExitCode.Usage, $"{text} could be {listed}{more}", "give more of the id");
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static SessionStatus WithGaps(SessionStatus status, SessionFiles files, bool withGaps) =>
        withGaps ? LiveDetails.AddTo(files, status) : status;

    /// <summary>Looks at every session, with two threads where there are many. What a look does not return is left out.</summary>
    private List<SessionStatus> Visit(Look look)
    {
        using SessionsFolder? folder = SessionsFolder.Open(root);
        SessionId[] ids = folder?.Ids() ?? [];
        SessionStatus?[] found = new SessionStatus?[ids.Length];
        DateTime now = Now;
        int next = -1;
        void Work()
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < found.Length)
            {
                using SessionFiles? files = folder!.Open(ids[i], out int error);
                found[i] = files is not null ? look(files, now)

                    // Swept meanwhile, or no folder at all, or a link.
                    : error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? null
                    : SessionStatus.Unreadable(ids[i], folder.PathOf(ids[i]), $"its folder cannot be opened: {Errno.Text(error)}");
            }
        }

        if (found.Length < EnoughForTwo || Environment.ProcessorCount < 2)
        {
            Work();
        }
        else
        {
            ExceptionDispatchInfo? failure = null;
            Thread other = new(() =>
            {
                try
                {
                    Work();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            });
            other.Start();
            try
            {
                Work();
            }
            finally
            {
                other.Join();
            }

            failure?.Throw();
        }

        List<SessionStatus> sessions = new(found.Length);
        foreach (SessionStatus? status in found)
        {
            if (status is not null)
            {
                sessions.Add(status);
            }
        }

        sessions.Sort(static (a, b) =>
        {
            int order = b.StartedAt.CompareTo(a.StartedAt);
            return order != 0 ? order : string.CompareOrdinal(b.Id.Value, a.Id.Value);
        });
        return sessions;
    }
}

/// <summary>The sessions that live, newest first.</summary>
/// <param name="Sessions">Those.</param>
/// <param name="EndedCount">How many others there are.</param>
public sealed record LiveSessions(IReadOnlyList<SessionStatus> Sessions, int EndedCount);
