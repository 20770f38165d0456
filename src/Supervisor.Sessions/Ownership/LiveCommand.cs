using Supervisor.Protocol.Live;

namespace Supervisor.Sessions.Ownership;

/// <summary>One signal to the command, or with a grace its stop; or something to write down.</summary>
/// <param name="Signal">The signal's number; 0 for none.</param>
/// <param name="Grace">How long until SIGKILL; null for a signal alone.</param>
/// <param name="Answer">Called once, when it was done or has begun.</param>
internal sealed record LiveCommand(int Signal, TimeSpan? Grace, Action<LiveMessage> Answer)
{
    /// <summary>A note of the daemon's that makes sense; null for what concerns the command.</summary>
    public LiveMessage? Note { get; init; }
}
