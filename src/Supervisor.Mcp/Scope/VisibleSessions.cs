using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Scope;

/// <summary>The sessions this server shows. Others are treated as if they were not there.</summary>
internal sealed class VisibleSessions(ServerSettings settings)
{
    private const int MaxListed = 10;

    private readonly SessionCatalog _catalog = new(settings.Root, TimeProvider.System);

    private bool ShowsAll => settings is { Folder: null, Session: null, Name: null, Labels.Count: 0 };

    public StateRoot Root => settings.Root;

    /// <summary>The sessions, newest first, and how many are not shown.</summary>
    public (IReadOnlyList<SessionStatus> Sessions, int Hidden) All()
    {
        IReadOnlyList<SessionStatus> all = _catalog.All();
        if (ShowsAll)
        {
            return (all, 0);
        }

        List<SessionStatus> visible = [.. all.Where(IsVisible)];
        if (settings.Session is { } session)
        {
            // Of those that the other limits leave; it may not be there yet.
            List<SessionStatus> meant = Meant(visible, session);
            visible = meant.Count == 1 ? meant : [];
        }

        return (visible, all.Count - visible.Count);
    }

    /// <summary>The session a model means, as <see cref="SessionCatalog.Find"/> takes it.</summary>
    /// <exception cref="SupException">There is none that is shown, or several.</exception>
    public SessionStatus Find(string text)
    {
        if (ShowsAll)
        {
            return _catalog.Find(text);
        }

        List<SessionStatus> matching = Meant(All().Sessions, text);
        return matching.Count switch
        {
            0 => throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {text}"),
            1 => matching[0],
            _ => throw new SupException(
                ErrorCode.SessionAmbiguous,
                ExitCode.Usage,
                $"{text} could be {string.Join(", ", matching.Take(MaxListed).Select(s => s.Id.Value).Order(StringComparer.Ordinal))}",
                "give more of the id"),
        };
    }

    /// <summary>Whether a new session would be one of those that are shown.</summary>
    /// <exception cref="SupException">It would not.</exception>
    public void CheckNew(string folder, string? name, IReadOnlyDictionary<string, string> labels)
    {
        string? problem = settings.Session is not null ? "this server shows one session only"
            : settings.Folder is { } limit && !(Io.RealPath(folder) is { } real && Below(real, limit)) ? $"this server shows sessions in {limit} and below only"
            : settings.Name is { } glob && (name is null || !Glob.IsMatch(glob, name)) ? $"this server shows sessions with a name like {glob} only"
            : settings.Labels.Any(l => !labels.TryGetValue(l.Key, out string? has) || !Same(has, l.Value)) ? "this server shows sessions with its labels only"
            : null;
        if (problem is not null)
        {
            throw new SupException(ErrorCode.NotAllowed, ExitCode.Failure, problem, "start one that it shows, or ask a person");
        }
    }

    /// <summary>Opens what <see cref="Find"/> found.</summary>
    /// <exception cref="SupException">It was swept meanwhile.</exception>
    public SessionFiles Open(SessionStatus status) => SessionFiles.Open(Root, status.Id)
        ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {status.Id}");

    /// <summary>Whether a session's folder is the given one or below it.</summary>
    public static bool IsBelow(SessionStatus status, string folder) =>
        status.Meta?.WorkingDirectory is { } path && (Below(path, folder) || (Io.RealPath(path) is { } real && Below(real, folder)));

    private static bool Below(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal)
        && (path.Length == folder.Length || folder is "/" || path[folder.Length] == '/');

    /// <summary>The session with this id, else with this name (live, else newest), else all whose ids begin with it.</summary>
    private static List<SessionStatus> Meant(IReadOnlyList<SessionStatus> sessions, string text)
    {
        SessionStatus? found = sessions.FirstOrDefault(s => Same(s.Id.Value, text))
            ?? sessions.FirstOrDefault(s => Same(s.Meta?.Name, text) && s.State.IsLive())
            ?? sessions.FirstOrDefault(s => Same(s.Meta?.Name, text));
        return found is not null ? [found] : [.. sessions.Where(s => text.Length > 0 && s.Id.Value.StartsWith(text, StringComparison.Ordinal))];
    }

    private bool IsVisible(SessionStatus status)
    {
        if ((settings.Name is { } glob && (status.Meta?.Name is not { } name || !Glob.IsMatch(glob, name)))
            || (settings.Folder is { } folder && !IsBelow(status, folder)))
        {
            return false;
        }

        foreach ((string key, string value) in settings.Labels)
        {
            if (status.Meta is null || !status.Meta.Labels.TryGetValue(key, out string? has) || !Same(has, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.Ordinal);
}
