namespace Supervisor.Host.Api;

/// <summary>One method of one path of the control API: a class each, listed in <see cref="DaemonServer"/> and in docs/openapi.yaml.</summary>
internal interface IEndpoint
{
    string Method { get; }

    /// <summary>As in docs/openapi.yaml: <c>/v1/sessions/{id}/stop</c>. A segment in braces is any one, to be had by its name.</summary>
    string Path { get; }

    /// <summary>After which the call is cancelled and answers <c>timeout</c>; <see cref="Timeout.InfiniteTimeSpan"/> for streams.</summary>
    TimeSpan Deadline { get; }

    /// <summary>
    /// Turns the call into one message and its reply into the answer. A <see cref="Protocol.Errors.SupException"/> becomes the error's JSON
    /// and the status that goes with its code.
    /// </summary>
    Task AnswerAsync(ApiCall call);
}
