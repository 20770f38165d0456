namespace Supervisor.Sessions.Store;

/// <summary>How a transcript ended up.</summary>
/// <param name="EndCursor">Bytes stored in all, freed ones included.</param>
/// <param name="LostBytes">Bytes the command printed that were not stored.</param>
/// <param name="Problem">Why bytes were lost, for a person; null when none were.</param>
public sealed record RecordingResult(long EndCursor, long LostBytes, string? Problem);
