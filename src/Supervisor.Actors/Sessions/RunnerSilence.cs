using Akka.Actor;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>What a runner makes of its session's silence.</summary>
public static class RunnerSilence
{
    /// <summary>The event that follows from what was heard; null when it comes late, twice, or of a command that is ending anyway.</summary>
    public static ISessionEvent? Decide(RunnerState state, int attempt, bool idle, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Phase != RunnerPhase.Running || attempt != state.Attempt || idle == state.IsIdle ? null
            : idle ? new SessionIdle(attempt, now)
            : new SessionActive(attempt, now);
    }

    /// <summary>Has it listened to what runs, and to nothing else.</summary>
    /// <param name="detector">The runner's.</param>
    /// <param name="state">As it is now.</param>
    /// <param name="isFresh">Whether the attempt has begun just now.</param>
    internal static void Direct(IActorRef detector, RunnerState state, bool isFresh) => detector.Tell(
        state.Phase == RunnerPhase.Running ? new SilenceProtocol.Watch(state.Attempt, state.IsIdle, isFresh) : SilenceProtocol.Rest.Instance);
}
