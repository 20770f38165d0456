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

        string? only = settings.Session is { } session ? OnlyId(session) : null;
        List<SessionStatus> visible = [.. all.Where(s => IsVisible(s, only))];
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

        IReadOnlyList<SessionStatus> visible = All().Sessions;
        SessionStatus? found = visible.FirstOrDefault(s => Same(s.Id.Value, text))
            ?? visible.FirstOrDefault(s => Same(s.Meta?.Name, text) && s.State.IsLive())
            ?? visible.FirstOrDefault(s => Same(s.Meta?.Name, text));
        if (found is not null)
        {
            return found;
        }

        List<SessionStatus> matching = [.. visible.Where(s => text.Length > 0 && s.Id.Value.StartsWith(text, StringComparison.Ordinal))];
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

    /// <summary>What the server was limited to may not be there yet.</summary>
    private string OnlyId(string session)
    {
        try
        {
            return _catalog.Find(session).Id.Value;
        }
        catch (SupException)
        {
            return "";
        }
    }

    private bool IsVisible(SessionStatus status, string? only)
    {
        if ((only is not null && !Same(status.Id.Value, only))
            || (settings.Name is { } glob && (status.Meta?.Name is not { } name || !Glob.IsMatch(glob, name)))
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
