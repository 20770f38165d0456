using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>
/// Has the daemon change something, started if need be. One that dies on the way is replaced and asked again under the same request id, so
/// that nothing is done twice.
/// </summary>
internal static class DaemonRequest
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    /// <param name="root">Whose daemon.</param>
    /// <param name="path">Behind the version.</param>
    /// <param name="json">The request's body; may be empty.</param>
    /// <param name="deadline">For the answer.</param>
    /// <returns>The answer's JSON.</returns>
    public static byte[] Post(StateRoot root, string path, ReadOnlySpan<byte> json, TimeSpan deadline)
    {
        string asked = $"{path}?request_id={Guid.NewGuid():N}";
        try
        {
            using DaemonConnection first = DaemonConnection.Ensure(root, StartTime);
            return first.Post(asked, json, deadline);
        }
        catch (SupException e) when (e is { Code: ErrorCode.DaemonUnavailable, InnerException: Http.HttpFailure { Fault: Http.HttpFault.Closed } })
        {
            using DaemonConnection next = DaemonConnection.Ensure(root, StartTime);
            return next.Post(asked, json, deadline);
        }
    }
}
