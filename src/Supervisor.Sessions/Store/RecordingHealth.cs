namespace Supervisor.Sessions.Store;

/// <summary>How a transcript fares while it is made.</summary>
/// <param name="LostBytes">Bytes not stored so far.</param>
/// <param name="Problem">Why nothing can be stored at present; null when it can.</param>
internal readonly record struct RecordingHealth(long LostBytes, string? Problem);
