using Akka.Actor;
using Akka.Event;

namespace Supervisor.Actors.Journal;

/// <summary>Handed to <c>OnRecover</c> before the events that came after it.</summary>
/// <param name="SequenceNr">The last event that is part of it.</param>
/// <param name="Created">When it was saved.</param>
public sealed record SnapshotOffer(object Snapshot, long SequenceNr, DateTimeOffset Created);

/// <summary>The usual answer to a command for which an actor has no room.</summary>
public sealed record Busy(string PersistenceId);

/// <summary>The usual reason for commands that waited in an actor that stops.</summary>
public sealed class ActorUnavailableException(string persistenceId, string reason) : Exception($"{persistenceId} is not available: {reason}");

/// <summary>What an event-sourced actor is told by its own tasks and timers; of another life, or of an earlier write, it is dropped.</summary>
/// <param name="Instance">The life of the actor that it belongs to.</param>
internal abstract record OwnMessage(string PersistenceId, long Instance) : IDeadLetterSuppression, INoSerializationVerificationNeeded;

internal sealed record RecoveryLoaded(string PersistenceId, long Instance, RecoveredHistory History) : OwnMessage(PersistenceId, Instance);

internal sealed record RecoveryFailed(string PersistenceId, long Instance, Exception Cause) : OwnMessage(PersistenceId, Instance);

internal sealed record AppendReply(string PersistenceId, long Instance, long SequenceNr, AppendResult Result) : OwnMessage(PersistenceId, Instance);

internal sealed record AppendRetry(string PersistenceId, long Instance, long SequenceNr) : OwnMessage(PersistenceId, Instance);

internal sealed record AppendTimedOut(string PersistenceId, long Instance, long SequenceNr) : OwnMessage(PersistenceId, Instance);

internal sealed record UnawaitedReply(string PersistenceId, long Instance, long SequenceNr, AppendResult Result, object Event)
    : OwnMessage(PersistenceId, Instance);

internal sealed record SnapshotReply(string PersistenceId, long Instance, long SequenceNr, JournalOutcome Outcome) : OwnMessage(PersistenceId, Instance);

internal sealed record DeleteReply(string PersistenceId, long Instance, long SequenceNr, JournalOutcome Outcome) : OwnMessage(PersistenceId, Instance);

internal sealed record StopNow(string PersistenceId, long Instance) : OwnMessage(PersistenceId, Instance);
