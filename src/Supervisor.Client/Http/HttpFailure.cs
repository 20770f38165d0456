namespace Supervisor.Client.Http;

/// <summary>Why there is no answer.</summary>
internal enum HttpFault
{
    /// <summary>The other side does not read or write within the deadline.</summary>
    TooSlow,

    /// <summary>The connection ended, or never was.</summary>
    Closed,

    /// <summary>What came is not an answer.</summary>
    Malformed,
}

/// <summary>An exchange that failed; for <see cref="DaemonConnection"/> to put into words.</summary>
internal sealed class HttpFailure(HttpFault fault) : Exception(fault.ToString())
{
    public HttpFault Fault { get; } = fault;
}
