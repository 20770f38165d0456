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
/// <param name="UptimeMs">How long an ended one ran; null where nobody measured it.</param>
/// <param name="EndedAgoMs">How long ago it ended; null where nobody measured it.</param>
public sealed record AttemptFact(
    int Attempt, int? Pid, long? PidStartTime, bool HasEnded, int? ExitCode, string? Signal, long? UptimeMs = null, long? EndedAgoMs = null);

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
            new SessionRequested(spec.Name, [.. spec.Command.Select(System.Text.Encoding.UTF8.GetString)], spec.WorkingDirectory, command.RequestId, now, RulesOf(RestartRules.Of(spec))),
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
                    new SessionRequested(meta.Name, [.. meta.Command], meta.WorkingDirectory, null, now, RulesOf(command.Restart)),
                    new AttemptRequested(meta.Attempt + 1, epoch, command.RequestId, now));
            case RunnerPhase.Unknown:
                return Refuse(command, ErrorCode.SessionNotFound, $"no session {command.SessionId}", "sup ls --all lists them");
            case RunnerPhase.Ended:
                return Decision.Of(new AttemptRequested(Math.Max(state.Attempt, command.Known?.Attempt ?? 0) + 1, epoch, command.RequestId, now));
            case RunnerPhase.Backoff:
                return Decision.Of(new AttemptRequested(state.Due!.Attempt, epoch, command.RequestId, now));
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
        : state.Phase == RunnerPhase.Unknown ? Decision.Of(new SessionAdopted(command.Known.Name, [.. command.Known.Command], command.Known.Attempt, now, RulesOf(command.Restart), command.Known.Pid is null ? true : null))
        : command.Known.Attempt > state.Attempt ? Decision.Of(new AttemptRequested(command.Known.Attempt, 0, null, now))
        : Decision.Nothing;

    /// <summary>What is known of an attempt by now. One that ended by itself is followed by another, or by the session's end, as its policy has it.</summary>
    public static Decision Learn(RunnerState state, AttemptFact fact, long epoch, DecisionTime time)
    {
        ImmutableArray<ISessionEvent>.Builder events = ImmutableArray.CreateBuilder<ISessionEvent>();
        DateTime now = time.Now;
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

        bool hasRun = state.Pid is not null || fact.Pid is not null;
        if (state.Pid is null && fact.Pid is { } pid)
        {
            events.Add(new AttemptStarted(fact.Attempt, pid, fact.PidStartTime, now));
        }

        if (fact.HasEnded && fact.Attempt > state.EndedAttempt)
        {
            events.Add(new AttemptEnded(fact.Attempt, fact.ExitCode, fact.Signal, now));

            // A command that has never run is a mistake, which no further attempt mends: its keeper ends the session.
            if (state.Stop is null && state.Next is null && (hasRun || fact.Attempt > 1))
            {
                events.AddRange(After(state, fact, epoch, time));
            }
        }

        return new Decision(events.ToImmutable());
    }

    /// <summary>The time of the next attempt has perhaps come.</summary>
    public static Decision Due(RunnerState state, long epoch, DecisionTime time) =>
        state is { Phase: RunnerPhase.Backoff, Due: { } due } && Remaining(due, time) == 0
            ? Decision.Of(new AttemptRequested(due.Attempt, epoch, null, time.Now))
            : Decision.Nothing;

    /// <summary>Milliseconds until an attempt is due. Of another boot nothing is left: the machine's start has taken longer than any delay.</summary>
    public static long Remaining(RestartScheduled due, DecisionTime time) =>
        string.Equals(due.BootId, time.BootId, StringComparison.Ordinal) ? Math.Clamp(due.DueBootMs - time.BootMs, 0, due.DelayMs) : 0;

    /// <summary>Its owner is gone, and has not written an end.</summary>
    /// <param name="state">The session.</param>
    /// <param name="last">The last attempt as its file has it.</param>
    /// <param name="rebooted">Whether it was the machine that went.</param>
    /// <param name="epoch">This daemon's number.</param>
    /// <param name="time">The present.</param>
    /// <returns>Events when an attempt follows or is waited for; none when the end is to be written.</returns>
    public static Decision Abandoned(RunnerState state, AttemptFact last, bool rebooted, long epoch, DecisionTime time)
    {
        if (!state.IsLive || state.Stop is not null || state.Next is not null || state.Closing is not null || last.Attempt > state.Attempt)
        {
            return Decision.Nothing;
        }

        if (rebooted)
        {
            return !state.Rules.FollowsReboot() ? Decision.Nothing
                : Decision.Of(
                [
                    new RestartScheduled(Next(state), 0, 0, time.Now, time.BootId, time.BootMs, time.Now),
                    new AttemptRequested(Next(state), epoch, null, time.Now),
                ]);
        }

        if (state.Phase == RunnerPhase.Backoff || last.Attempt < state.Attempt || state.EndedAttempt == state.Attempt)
        {
            return Decision.Nothing;
        }

        ImmutableArray<ISessionEvent> events = After(state, last, epoch, time);
        return events.IsEmpty || events[0] is CloseRequested ? Decision.Nothing : new Decision([new AttemptEnded(state.Attempt, last.ExitCode, last.Signal, time.Now), .. events]);
    }

    /// <summary>No keeper could be started for an attempt that policy wants: it is tried again later, as if the attempt had failed.</summary>
    public static Decision NoKeeper(RunnerState state, long epoch, DecisionTime time)
    {
        bool again = state is { Phase: RunnerPhase.Starting, Stop: null, IsByPolicy: true } && state.Rules.Follows(success: false, state.Restarts);
        return again ? new Decision([Schedule(state, state.Attempt, state.Restarts, 0, time)]) : Decision.Nothing;
    }

    private static int Next(RunnerState state) => state.Due?.Attempt ?? state.Attempt + 1;

    private static ImmutableArray<ISessionEvent> After(RunnerState state, AttemptFact fact, long epoch, DecisionTime time)
    {
        RestartRules rules = state.Rules;
        if (string.Equals(rules.Policy, RestartRules.Never.Policy, StringComparison.Ordinal))
        {
            return [];
        }

        bool success = rules.IsSuccess(fact.ExitCode, fact.Signal);
        long? uptime = fact.UptimeMs ?? (state.Began is { } began ? Math.Max(0, (long)(time.Now - began).TotalMilliseconds) : null);
        int restarts = rules.After(state.Restarts, uptime);
        if (!rules.Follows(success, restarts))
        {
            return [new CloseRequested(fact.Attempt, success ? "exit" : "gave-up", time.Now)];
        }

        RestartScheduled next = Schedule(state, fact.Attempt + 1, restarts, fact.EndedAgoMs ?? 0, time);
        return Remaining(next, time) > 0 ? [next] : [next, new AttemptRequested(next.Attempt, epoch, null, time.Now)];
    }

    private static RestartScheduled Schedule(RunnerState state, int attempt, int restarts, long agoMs, DecisionTime time)
    {
        long delay = state.Rules.Delay(restarts, time.Chance);
        long left = Math.Max(0, delay - agoMs);
        return new RestartScheduled(attempt, restarts + 1, delay, time.Now.AddMilliseconds(left), time.BootId, time.BootMs + left, time.Now);
    }

    /// <summary>Not written down where there is none.</summary>
    private static RestartRules? RulesOf(RestartRules? rules) =>
        rules is null || string.Equals(rules.Policy, RestartRules.Never.Policy, StringComparison.Ordinal) ? null : rules;

    /// <summary>The session is over: its owner has written so, or is gone.</summary>
    /// <remarks>When it ended by itself while a restart was on its way, the next attempt follows all the same.</remarks>
    public static Decision End(RunnerState state, SessionFinal final, long epoch, DateTime now)
    {
        // Ended before the attempt that was decided on could begin: a stop was faster, or no keeper could be started.
        bool before = final.Attempt < state.Attempt && state.Pid is null && state.EndedAttempt >= final.Attempt;
        if (!state.IsLive || (final.Attempt < state.Attempt && !before))
        {
            return Decision.Nothing;
        }

        SessionEnded ended = new(Math.Max(state.Attempt, final.Attempt), final.State, final.EndReason, final.ExitCode, final.Signal, final.Error, now);
        return state.Next is { } next && next > final.Attempt && final.EndReason is not "user-stop"
            ? Decision.Of(ended, new AttemptRequested(next, epoch, null, now))
            : Decision.Of(ended);
    }

    private static Decision Refuse(ISessionCommand command, string code, string message, string hint) =>
        new([], new RefusedResult(command.SessionId, code, message, hint));
}
