using Supervisor.Protocol;
using Supervisor.Protocol.Errors;

namespace Supervisor.Sessions.Store;

/// <summary>All sessions of a state root.</summary>
public sealed class SessionCatalog(StateRoot root, TimeProvider time)
{
    /// <summary>Every session, newest first.</summary>
    public IReadOnlyList<SessionStatus> All()
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        List<SessionStatus> sessions = [];
        foreach (SessionId id in Ids())
        {
            using SessionFiles? files = SessionFiles.Open(root, id);
            if (files is not null)
            {
                sessions.Add(SessionStatus.Of(files, now));
            }
        }

        sessions.Sort((a, b) => (b.StartedAt, b.Id.Value).CompareTo((a.StartedAt, a.Id.Value)));
        return sessions;
    }

    /// <summary>The session a person means: its exact id, else its exact name (live, else newest), else a unique prefix of its id.</summary>
    /// <exception cref="SupException">There is none, or several.</exception>
    public SessionStatus Find(string text)
    {
        if (SessionId.TryParse(text, out SessionId exact) && SessionFiles.Open(root, exact) is { } files)
        {
            using (files)
            {
                return SessionStatus.Of(files, time.GetUtcNow().UtcDateTime);
            }
        }

        IReadOnlyList<SessionStatus> all = All();
        SessionStatus? named = all
            .Where(s => string.Equals(s.Meta?.Name, text, StringComparison.Ordinal))
            .OrderByDescending(s => s.State.IsLive())
            .FirstOrDefault();
        if (named is not null)
        {
            return named;
        }

        List<SessionStatus> matching = [.. all.Where(s => text.Length > 0 && s.Id.Value.StartsWith(text, StringComparison.Ordinal))];
        return matching.Count switch
        {
            1 => matching[0],
            0 => throw new SupException(
                ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {Printable.Line(text)}", "sup ls --all lists them"),
            _ => throw new SupException(
                ErrorCode.SessionAmbiguous,
                ExitCode.Usage,
                $"{text} could be {string.Join(", ", matching.Take(10).Select(s => s.Id))}",
                "give more of the id"),
        };
    }

    private IEnumerable<SessionId> Ids()
    {
        IEnumerable<string> folders;
        try
        {
            folders = Directory.Exists(root.Sessions) ? Directory.EnumerateDirectories(root.Sessions) : [];
        }
        catch (UnauthorizedAccessException e)
        {
            throw new SupException(ErrorCode.UnsafeState, ExitCode.Failure, $"cannot read {root.Sessions}: {e.Message}");
        }

        foreach (string folder in folders)
        {
            if (SessionId.TryParse(Path.GetFileName(folder), out SessionId id))
            {
                yield return id;
            }
        }
    }
}
