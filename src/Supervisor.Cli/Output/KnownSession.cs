using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>A session: stored, or with nothing left but its line in the history.</summary>
/// <param name="Status">As it can stand in a table.</param>
/// <param name="Expired">That line; null for a stored one.</param>
internal sealed record KnownSession(SessionStatus Status, HistoryEntry? Expired)
{
    public static KnownSession Of(SessionStatus stored) => new(stored, Expired: null);

    public static KnownSession Of(HistoryEntry expired) => new(ExpiredSession.Status(expired), expired);

    /// <summary>As JSON.</summary>
    public SessionAnswer Answer(StateRoot root, DateTime now)
    {
        if (Expired is not null)
        {
            return ExpiredSession.Answer(Expired);
        }

        using SessionFiles? files = SessionFiles.Open(root, Status.Id);
        return SessionAnswer.Of(Status, files, now);
    }
}
