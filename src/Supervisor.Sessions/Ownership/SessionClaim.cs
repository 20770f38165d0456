using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Ownership;

/// <summary>What an owner has claimed for itself before it begins: an id, by its folder, and a name, by its lock.</summary>
/// <param name="Id">The session's id.</param>
/// <param name="Root">Null when there is none that can be used.</param>
/// <param name="Folder">Null when it could not be made: then nothing is recorded.</param>
/// <param name="Name">Null when the session has no name.</param>
/// <param name="Problem">Why there is no folder.</param>
internal sealed record SessionClaim(SessionId Id, StateRoot? Root, OwnedFolder? Folder, NameLock? Name, string? Problem)
{
    private const int IdTries = 20;

    /// <param name="locate">Finds the state root.</param>
    /// <param name="wantedId">Null: an id is made up.</param>
    /// <param name="wantedName">Null for none.</param>
    /// <exception cref="SupException">The id or the name is taken.</exception>
    public static SessionClaim Of(Func<StateRoot> locate, SessionId? wantedId, SessionName? wantedName)
    {
        StateRoot? root = null;
        NameLock? name = null;
        SessionId id = wantedId ?? SessionId.Generate();
        try
        {
            root = locate();
            name = wantedName is { } wanted ? TakeName(root, wanted, id) : null;
            OwnedFolder folder = MakeFolder(root, wantedId, ref id);
            return new SessionClaim(id, root, folder, name, null);
        }
        catch (SupException e) when (string.Equals(e.Code, ErrorCode.UnsafeState, StringComparison.Ordinal))
        {
            return new SessionClaim(id, root, null, name, $"{e.Message}; {e.Hint}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SessionClaim(id, root, null, name, e.Message);
        }
        catch
        {
            name?.Dispose();
            throw;
        }
    }

    private static NameLock TakeName(StateRoot root, SessionName name, SessionId id) =>
        NameLock.TryTake(root, name, id)
        ?? throw new SupException(
            ErrorCode.NameTaken,
            ExitCode.Usage,
            $"cannot name the session {name}: a live session has that name",
            "choose another --name, or wait for its end");

    private static OwnedFolder MakeFolder(StateRoot root, SessionId? wanted, ref SessionId id)
    {
        for (int attempt = 0; attempt < IdTries; attempt++)
        {
            if (OwnedFolder.Create(root, id) is { } folder)
            {
                return folder;
            }

            if (wanted is not null)
            {
                throw SupException.Usage(
                    $"cannot use the session id {id}: a session of that id exists", "leave out --session-id, or choose another");
            }

            id = SessionId.Generate();
        }

        throw new SupException(ErrorCode.Internal, ExitCode.Failure, "cannot find a free session id");
    }
}
