namespace Supervisor.Sessions.Store;

/// <summary>A file of the session's folder that is to have this content.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Content">All of it.</param>
/// <param name="Written">Called on the recorder's thread when that is so, with null, or with why it cannot be.</param>
public sealed record PendingFile(string Name, byte[] Content, Action<string?>? Written = null);
