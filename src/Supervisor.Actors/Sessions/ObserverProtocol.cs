using Supervisor.Protocol;

namespace Supervisor.Actors.Sessions;

/// <summary>What can be said to the actor that looks after the sessions that it does not own.</summary>
internal static class ObserverProtocol
{
    /// <summary>Sessions that an earlier daemon observed to the last.</summary>
    public sealed record Recover(IReadOnlyList<SessionId> Sessions);

    /// <summary>Answered by <see cref="SupervisorActor.SessionsResult"/>.</summary>
    public sealed record GetObserved
    {
        public static GetObserved Instance { get; } = new();
    }

    /// <summary>From the actor of one session: it has ended.</summary>
    public sealed record Done(SessionId SessionId);
}
