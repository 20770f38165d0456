namespace Supervisor.Sessions.Store;

/// <summary>A file of the session's folder that is to have this content.</summary>
public sealed record PendingFile(string Name, byte[] Content);
