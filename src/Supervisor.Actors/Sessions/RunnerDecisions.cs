using System.Collections.Immutable;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>What follows from a command or a fact: events, or why not.</summary>
/// <param name="Events">To be persisted together; none when nothing changes.</param>
/// <param name="Refusal">Null unless a command cannot be carried out.</param>
public sealed record Decision(ImmutableArray<ISessionEvent> Events, RefusedResult? Refusal = null)
{
    public static Decision Nothing { get; } = new([]);

    public static Decision Of(params ISessionEvent[] events) => new([.. events]);
}

/// <summary>A fact that a keeper, or the files of the session, told.</summary>
/// <param name="Attempt">Which attempt it is about.</param>
/// <param name="Pid">Its process, when it was begun.</param>
/// <param name="PidStartTime">In clock ticks since boot.</param>
/// <param name="HasEnded">Whether it has ended.</param>
/// <param name="ExitCode">How, when it ended by itself.</param>
/// <param name="Signal">How, when it was killed.</param>
public sealed record AttemptFact(int Attempt, int? Pid, long? PidStartTime, bool HasEnded, int? ExitCode, string? Signal);

/// <summary>
/// Decides for a session, without side effects: what is asked or told, and the state, give events. Whatever comes late (of an attempt that is
/// over), twice, or in a strange order gives none.
/// </summary>
public static class RunnerDecisions
{
    public static Decision Start(RunnerState state, StartSession command, long epoch, DateTime now)
    {
        if (state.Knows(command.RequestId))
        {
            return Decision.Nothing;
        }

        if (state.Phase != RunnerPhase.Unknown || state.Attempt > 0)
        {
            return Refuse(command, ErrorCode.InvalidArgument, $"a session {command.SessionId} exists", "choose another id");
        }

        SessionSpec spec = command.Spec;
        return Decision.Of(
            new SessionRequested(spec.Name, [.. spec.Command.Select(System.Text.Encoding.UTF8.GetString)], spec.WorkingDirectory, command.RequestId, now),
            new AttemptRequested(1, epoch, null, now));
    }

    public static Decision Stop(RunnerState state, StopSession command, DateTime now) =>
        state.Knows(command.RequestId) ? Decision.Nothing
        : !state.IsLive ? Refuse(command, ErrorCode.SessionEnded, $"session {command.SessionId} has ended", $"sup show {command.SessionId} tells how")
        : Decision.Of(new StopRequested(command.Signal, command.GraceMs, command.RequestId, now));

    public static Decision Restart(RunnerState state, RestartSession command, long epoch, DateTime now)
    {
        if (state.Knows(command.RequestId))
        {
            return Decision.Nothing;
        }

        switch (state.Phase)
        {
            case RunnerPhase.Unknown when command.Known is { } meta:
                return Decision.Of(
                    new SessionRequested(meta.Name, [.. meta.Command], meta.WorkingDirectory, null, now),
                    new AttemptRequested(meta.Attempt + 1, epoch, command.RequestId, now));
            case RunnerPhase.Unknown:
                return Refuse(command, ErrorCode.SessionNotFound, $"no session {command.SessionId}", "sup ls --all lists them");
            case RunnerPhase.Ended:
                return Decision.Of(new AttemptRequested(Math.Max(state.Attempt, command.Known?.Attempt ?? 0) + 1, epoch, command.RequestId, now));
            case RunnerPhase.Starting:
                return Refuse(command, ErrorCode.Conflict, $"session {command.SessionId} is starting", "ask again when it runs");
            default:
                return state.Stop is not null || state.Next is not null || state.EndedAttempt == state.Attempt
                    ? Refuse(command, ErrorCode.Conflict, $"session {command.SessionId} is stopping", "ask again when it has ended")
                    : Decision.Of(new RestartRequested(state.Attempt + 1, command.RequestId, now));
        }
    }

    public static Decision Adopt(RunnerState state, AdoptSession command, DateTime now) =>
        state.IsLive ? Decision.Nothing
        : state.Phase == RunnerPhase.Unknown ? Decision.Of(new SessionAdopted(command.Known.Name, [.. command.Known.Command], command.Known.Pid is null ? 0 : command.Known.Attempt, now))
        : command.Known.Attempt > state.Attempt ? Decision.Of(new AttemptRequested(command.Known.Attempt, 0, null, now))
        : Decision.Nothing;

    /// <summary>What is known of an attempt by now.</summary>
    public static Decision Learn(RunnerState state, AttemptFact fact, DateTime now)
    {
        ImmutableArray<ISessionEvent>.Builder events = ImmutableArray.CreateBuilder<ISessionEvent>();
        if (!state.IsLive || fact.Attempt < state.Attempt)
        {
            return Decision.Nothing;
        }

        if (state.Next == fact.Attempt && fact.Attempt > state.Attempt)
        {
            // The end of the one before was not heard of; it must have come.
            events.Add(new AttemptEnded(state.Attempt, null, null, now));
            state = state.Apply(events[^1]);
        }

        if (fact.Attempt != state.Attempt)
        {
            return Decision.Nothing;
        }

        if (state.Pid is null && fact.Pid is { } pid)
        {
            events.Add(new AttemptStarted(fact.Attempt, pid, fact.PidStartTime, now));
        }

        if (fact.HasEnded && fact.Attempt > state.EndedAttempt)
        {
            events.Add(new AttemptEnded(fact.Attempt, fact.ExitCode, fact.Signal, now));
        }

        return new Decision(events.ToImmutable());
    }

    /// <summary>The session is over: its owner has written so, or is gone.</summary>
    /// <remarks>When it ended by itself while a restart was on its way, the next attempt follows all the same.</remarks>
    public static Decision End(RunnerState state, SessionFinal final, long epoch, DateTime now)
    {
        if (!state.IsLive || final.Attempt < state.Attempt)
        {
            return Decision.Nothing;
        }

        SessionEnded ended = new(final.Attempt, final.State, final.EndReason, final.ExitCode, final.Signal, final.Error, now);
        return state.Next is { } next && next > final.Attempt
            ? Decision.Of(ended, new AttemptRequested(next, epoch, null, now))
            : Decision.Of(ended);
    }

    private static Decision Refuse(ISessionCommand command, string code, string message, string hint) =>
        new([], new RefusedResult(command.SessionId, code, message, hint));
}
