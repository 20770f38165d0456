using System.Collections.Immutable;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>Where a session is on its way.</summary>
public enum RunnerPhase
{
    /// <summary>Nothing is known of it.</summary>
    Unknown,

    /// <summary>An attempt was decided on; whether it was begun, the keeper knows.</summary>
    Starting,
    Running,

    /// <summary>The command is to end: for good, or for the next attempt.</summary>
    Stopping,

    /// <summary>The last attempt is over, and the next one is due later.</summary>
    Backoff,
    Ended,
}

/// <summary>
/// A supervised session as its events tell it. Pure: time comes in the events. An event that cannot follow on this state throws; what may
/// come late or twice is sorted out before, by <see cref="RunnerDecisions"/>.
/// </summary>
public sealed record RunnerState
{
    /// <summary>Requests that are remembered, the newest.</summary>
    private const int MaxRequests = 64;

    public static RunnerState Empty { get; } = new();

    public RunnerPhase Phase { get; init; }

    public string? Name { get; init; }

    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>The last attempt that was decided on; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>The attempt that follows when the present one has ended; null when none does.</summary>
    public int? Next { get; init; }

    public int? Pid { get; init; }

    public long? PidStartTime { get; init; }

    /// <summary>The attempt that is silent; 0 when none is.</summary>
    public int IdleAttempt { get; init; }

    /// <summary>The last attempt whose end is known; 0 before the first.</summary>
    public int EndedAttempt { get; init; }

    /// <summary>When the command is started again by itself.</summary>
    public RestartRules Rules { get; init; } = RestartRules.Never;

    /// <summary>The restarts in a row by policy, up to the present attempt.</summary>
    public int Restarts { get; init; }

    /// <summary>Whether the present attempt follows by policy, and nobody asked for it.</summary>
    public bool IsByPolicy { get; init; }

    /// <summary>When the present attempt began, UTC; null while that is not known.</summary>
    public DateTime? Began { get; init; }

    /// <summary>In back-off: the next attempt.</summary>
    public RestartScheduled? Due { get; init; }

    /// <summary>Why no attempt follows; null unless policy decided so.</summary>
    public string? Closing { get; init; }

    /// <summary>How a person asked for the end; null while nobody did.</summary>
    public StopRequested? Stop { get; init; }

    /// <summary>How it ended; null while it lives.</summary>
    public SessionEnded? End { get; init; }

    /// <summary>What was asked already.</summary>
    public ImmutableList<string> Requests { get; init; } = [];

    public bool IsLive => Phase is RunnerPhase.Starting or RunnerPhase.Running or RunnerPhase.Stopping or RunnerPhase.Backoff;

    /// <summary>Whether its command has fallen silent and not printed since.</summary>
    public bool IsIdle => IdleAttempt > 0 && IdleAttempt == Attempt;

    public bool Knows(string requestId) => Requests.Contains(requestId, StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">This event cannot follow on this state.</exception>
    public RunnerState Apply(ISessionEvent happened)
    {
        switch (happened)
        {
            case SessionRequested e when Phase == RunnerPhase.Unknown:
                return this with { Name = e.Name, Command = e.Command, Rules = e.Restart ?? RestartRules.Never, Requests = Remember(e.RequestId) };
            case SessionAdopted e when Phase == RunnerPhase.Unknown:
                return this with
                {
                    Phase = e.Attempt == 0 || e.IsToBegin == true ? RunnerPhase.Starting : RunnerPhase.Running,
                    Name = e.Name,
                    Command = e.Command,
                    Rules = e.Restart ?? RestartRules.Never,
                    Attempt = Math.Max(1, e.Attempt),
                };
            case SessionObserved e when Phase is RunnerPhase.Unknown or RunnerPhase.Ended:
                return Empty with { Phase = RunnerPhase.Running, Name = e.Name, Command = e.Command, Attempt = e.Attempt, Pid = e.Pid };
            case AttemptRequested e when Phase is RunnerPhase.Unknown or RunnerPhase.Ended && e.Attempt > Attempt || Phase == RunnerPhase.Backoff && e.Attempt == Due!.Attempt:
                return this with
                {
                    Phase = RunnerPhase.Starting,
                    Attempt = e.Attempt,

                    // A person's wish begins the count anew.
                    Restarts = Phase == RunnerPhase.Backoff && e.RequestId is null ? Due!.Restarts : 0,
                    IsByPolicy = Phase == RunnerPhase.Backoff && e.RequestId is null,
                    EndedAttempt = Math.Max(EndedAttempt, e.Attempt - 1),
                    Due = null,
                    Began = null,
                    Pid = null,
                    PidStartTime = null,
                    End = null,
                    Stop = null,
                    Requests = Remember(e.RequestId),
                };
            case AttemptStarted e when IsLive && e.Attempt == Attempt && Pid is null:
                return this with { Phase = Phase == RunnerPhase.Starting ? RunnerPhase.Running : Phase, Pid = e.Pid, PidStartTime = e.PidStartTime, Began = e.At };
            case AttemptEnded e when IsLive && e.Attempt == Attempt && e.Attempt > EndedAttempt:
                return Next is { } next
                    ? this with { Phase = RunnerPhase.Starting, Attempt = next, EndedAttempt = e.Attempt, Next = null, Restarts = 0, IsByPolicy = false, Pid = null, PidStartTime = null, Began = null }
                    : this with { Phase = RunnerPhase.Stopping, EndedAttempt = e.Attempt };
            case SessionIdle e when IsLive && e.Attempt == Attempt && !IsIdle:
                return this with { IdleAttempt = e.Attempt };
            case SessionActive e when IsLive && e.Attempt == Attempt && IsIdle:
                return this with { IdleAttempt = 0 };
            case RestartScheduled e when IsLive && Stop is null && Next is null && Closing is null && e.Attempt >= Attempt:
                return this with { Phase = RunnerPhase.Backoff, EndedAttempt = Math.Max(EndedAttempt, e.Attempt - 1), Due = e };
            case CloseRequested e when IsLive && Next is null && e.Attempt == Attempt:
                return this with { Phase = RunnerPhase.Stopping, Due = null, Closing = e.Reason };
            case StopRequested e when IsLive:
                return this with { Phase = RunnerPhase.Stopping, Next = null, Due = null, Stop = e, Requests = Remember(e.RequestId) };
            case RestartRequested e when IsLive && Stop is null && Closing is null && e.Next == Attempt + 1:
                return this with { Phase = RunnerPhase.Stopping, Next = e.Next, Requests = Remember(e.RequestId) };
            case SessionEnded e when IsLive && e.Attempt >= Attempt:
                return this with { Phase = RunnerPhase.Ended, Attempt = e.Attempt, EndedAttempt = e.Attempt, Next = null, Due = null, Closing = null, Pid = null, PidStartTime = null, Began = null, End = e };
            default:
                throw new InvalidOperationException($"{happened.GetType().Name} cannot follow in {Phase} of attempt {Attempt}");
        }
    }

    private ImmutableList<string> Remember(string? requestId)
    {
        if (requestId is null)
        {
            return Requests;
        }

        ImmutableList<string> all = Requests.Add(requestId);
        return all.Count > MaxRequests ? all.RemoveAt(0) : all;
    }
}
