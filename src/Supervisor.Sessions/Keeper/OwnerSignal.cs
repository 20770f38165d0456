using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Keeper;

/// <summary>Has a session's owner pass one signal to its command.</summary>
public static class OwnerSignal
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    /// <param name="root">The state root.</param>
    /// <param name="id">The session.</param>
    /// <param name="signal">A signal's name.</param>
    /// <exception cref="SupException">The session has ended, or its owner does not answer.</exception>
    public static void Send(StateRoot root, SessionId id, string signal)
    {
        using SessionFiles files = SessionFiles.Open(root, id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "sup ls --all lists them");
        using LiveConnection? owner = LiveConnection.TryOpen(files, "operator", AnswerTime);
        LiveMessage? answer = owner?.Ask(new LiveMessage { Type = LiveMessageType.Signal, Signal = signal }, AnswerTime);
        if (answer is { Type: LiveMessageType.Done })
        {
            return;
        }

        throw answer is { Code: { } code }
            ? new SupException(code, ExitCode.Failure, $"cannot signal session {id}: {Printable.Line(answer.Message ?? "")}")
            : !files.IsOwned() ? new SupException(ErrorCode.SessionEnded, ExitCode.Failure, $"session {id} has ended", $"sup show {id} tells how")
            : new SupException(ErrorCode.Timeout, ExitCode.Failure, $"cannot signal session {id}: its owner does not answer", $"sup show {id} tells more");
    }
}
