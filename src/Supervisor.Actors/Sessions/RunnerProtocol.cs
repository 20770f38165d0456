using System.Collections.Immutable;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;

namespace Supervisor.Actors.Sessions;

/// <summary>What can be said to and by the runner of one session.</summary>
public static class RunnerProtocol
{
    /// <summary>Concerns one session.</summary>
    public interface IWithSessionId
    {
        SessionId SessionId { get; }
    }

    /// <summary>Asks a session's runner to change something. Made by a client, which may repeat it under the same id.</summary>
    public interface ISessionCommand : IWithSessionId
    {
        /// <summary>The same id gets the same answer.</summary>
        string RequestId { get; }
    }

    /// <summary>Begins a new session.</summary>
    /// <param name="Spec">Handed to the keeper alone: it is not part of any event.</param>
    public sealed record StartSession(SessionId SessionId, string RequestId, SessionSpec Spec) : ISessionCommand;

    /// <summary>Ends the command, its whole tree, and the session.</summary>
    /// <param name="Signal">A signal's name; null for the session's own.</param>
    /// <param name="GraceMs">Until SIGKILL; null for the session's own.</param>
    public sealed record StopSession(SessionId SessionId, string RequestId, string? Signal, long? GraceMs) : ISessionCommand;

    /// <summary>Ends the command, if it runs, and begins the next attempt.</summary>
    /// <param name="Known">What the files say, for a session that no journal knows.</param>
    /// <param name="Restart">The same of its policy.</param>
    public sealed record RestartSession(SessionId SessionId, string RequestId, SessionMeta? Known, RestartRules? Restart = null) : ISessionCommand;

    /// <summary>A session with a keeper that the journal does not know.</summary>
    /// <param name="Known">Its meta.json.</param>
    /// <param name="Restart">Its policy, from its spec.json; null for none.</param>
    public sealed record AdoptSession(SessionId SessionId, SessionMeta Known, RestartRules? Restart = null) : IWithSessionId;

    /// <summary>Something that happened. Its time is UTC.</summary>
    public interface ISessionEvent
    {
        DateTime At { get; }
    }

    /// <param name="Restart">Null: it is never started again by itself.</param>
    public sealed record SessionRequested(
        string? Name, ImmutableArray<string> Command, string? WorkingDirectory, string? RequestId, DateTime At, RestartRules? Restart = null) : ISessionEvent;

    /// <summary>A keeper was found that was started by somebody else, or before the journal was lost.</summary>
    /// <param name="IsToBegin">Whether nobody knows that it was begun; null for no.</param>
    public sealed record SessionAdopted(
        string? Name, ImmutableArray<string> Command, int Attempt, DateTime At, RestartRules? Restart = null, bool? IsToBegin = null) : ISessionEvent;

    /// <summary>A session that somebody else owns was found, such as a run in the foreground.</summary>
    /// <param name="Terminal">As in meta.json.</param>
    /// <param name="StartedAt">When it began; before <paramref name="At"/>.</param>
    public sealed record SessionObserved(
        string? Name, ImmutableArray<string> Command, string? WorkingDirectory, string Terminal, int Attempt, int? Pid, DateTime StartedAt, DateTime At) : ISessionEvent;

    public sealed record AttemptRequested(int Attempt, long Epoch, string? RequestId, DateTime At) : ISessionEvent;

    public sealed record AttemptStarted(int Attempt, int Pid, long? PidStartTime, DateTime At) : ISessionEvent;

    public sealed record AttemptEnded(int Attempt, int? ExitCode, string? Signal, DateTime At) : ISessionEvent;

    public sealed record StopRequested(string? Signal, long? GraceMs, string? RequestId, DateTime At) : ISessionEvent;

    /// <summary>The command has printed nothing for as long as its session says. Once in each silence.</summary>
    public sealed record SessionIdle(int Attempt, DateTime At) : ISessionEvent;

    /// <summary>It prints again.</summary>
    public sealed record SessionActive(int Attempt, DateTime At) : ISessionEvent;

    /// <summary>The command is to end, and this attempt to follow.</summary>
    public sealed record RestartRequested(int Next, string? RequestId, DateTime At) : ISessionEvent;

    /// <summary>An attempt is over, and this one will follow by the session's policy.</summary>
    /// <param name="Attempt">The number of the next one.</param>
    /// <param name="Restarts">How many restarts in a row it will be.</param>
    /// <param name="DelayMs">From the end of the last attempt.</param>
    /// <param name="DueAt">For people: UTC.</param>
    /// <param name="BootId">The boot that <paramref name="DueBootMs"/> counts from.</param>
    /// <param name="DueBootMs">When, in milliseconds since that boot.</param>
    public sealed record RestartScheduled(int Attempt, int Restarts, long DelayMs, DateTime DueAt, string BootId, long DueBootMs, DateTime At) : ISessionEvent;

    /// <summary>An attempt is over, and no other follows by the session's policy: its owner is to write the end.</summary>
    /// <param name="Reason">The session's <c>end_reason</c>.</param>
    public sealed record CloseRequested(int Attempt, string Reason, DateTime At) : ISessionEvent;

    /// <summary>No further attempt will follow.</summary>
    public sealed record SessionEnded(int Attempt, string State, string EndReason, int? ExitCode, string? Signal, string? Error, DateTime At) : ISessionEvent;

    /// <summary>The answer to a command.</summary>
    public interface IReply;

    /// <summary>The attempt runs.</summary>
    public sealed record StartedResult(SessionId SessionId, int Attempt, int Pid) : IReply;

    /// <summary>The session has ended.</summary>
    /// <param name="Journaled">False when the intent could not be written down; it was carried out all the same.</param>
    public sealed record EndedResult(SessionId SessionId, SessionEnded? End, bool Journaled) : IReply;

    /// <summary>It was not done, and why.</summary>
    public sealed record RefusedResult(SessionId SessionId, string Code, string Message, string? Hint = null) : IReply;
}
