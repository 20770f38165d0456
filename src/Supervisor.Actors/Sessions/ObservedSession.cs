using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>A session that somebody else than a keeper owns, as it was found.</summary>
/// <param name="Id">Which.</param>
/// <param name="Meta">What its files say.</param>
/// <param name="Final">How it ended; null while it lives.</param>
internal sealed record ObservedSession(SessionId Id, SessionMeta Meta, SessionFinal? Final)
{
    /// <summary>Those that live, and those whose owner has vanished, which is written down on the way. Blocks.</summary>
    public static IReadOnlyList<ObservedSession> All(StateRoot root, DateTime now)
    {
        List<ObservedSession> found = [];
        foreach (SessionId id in SessionIds(root))
        {
            using SessionFiles? files = SessionFiles.Open(root, id);

            // What has ended is not read: of those there are many.
            if (files is not null && (files.IsOwned() || !files.Has(Artifact.Final)) && Of(root, files, now) is { } session)
            {
                found.Add(session);
            }
        }

        return found;
    }

    /// <summary>Whether it has an owner that has not written down yet what it is: on a slow disk that takes its time. Blocks.</summary>
    public static bool IsUndecided(StateRoot root, SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        return files is not null && files.IsOwned() && files.ReadMeta() is null;
    }

    /// <summary>One, when it is of that kind; its loss is written down on the way. Blocks.</summary>
    public static ObservedSession? Of(StateRoot root, SessionId id, DateTime now)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        return files is null ? null : Of(root, files, now);
    }

    private static ObservedSession? Of(StateRoot root, SessionFiles files, DateTime now)
    {
        if (files.ReadMeta() is not { Terminal: "external" } meta || !string.Equals(meta.Host, Environment.MachineName, StringComparison.Ordinal))
        {
            return null;
        }

        return new ObservedSession(files.Id, meta, files.IsOwned() ? null : new SessionPlace(root, files.Id).End(meta.Attempt, now));
    }

    private static SessionId[] SessionIds(StateRoot root)
    {
        using SessionsFolder? folder = SessionsFolder.Open(root);
        return folder?.Ids() ?? [];
    }
}
