using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>A stop that cannot be written down is carried out all the same, by the session's owner: what runs must be able to be ended.</summary>
internal static class UnwrittenStop
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    /// <returns>The reply, once all of the session is gone.</returns>
    public static Task<IReply> Run(SessionsContext daemon, SessionId id, string? signal, long? graceMs) =>
        Task.Factory.StartNew(() => Stop(daemon, id, signal, graceMs), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static IReply Stop(SessionsContext daemon, SessionId id, string? signal, long? graceMs)
    {
        try
        {
            if (!OwnerStop.Ask(daemon.Root, id, signal, graceMs).GetAwaiter().GetResult())
            {
                return new RefusedResult(id, ErrorCode.Timeout, $"session {id} cannot be seen to its end: its owner does not answer; its command was ended without it");
            }

            OwnerStop.WaitForEnd(daemon.Root, id, Longest);
            return new EndedResult(id, End(daemon, id), Journaled: false);
        }
        catch (SupException e)
        {
            return new RefusedResult(id, e.Code, e.Message, e.Hint);
        }
    }

    private static SessionEnded? End(SessionsContext daemon, SessionId id)
    {
        try
        {
            return new SessionPlace(daemon.Root, id).End(1, daemon.Now) is { } final
                ? new SessionEnded(final.Attempt, final.State, final.EndReason, final.ExitCode, final.Signal, final.Error, daemon.Now)
                : null;
        }
        catch (IOException)
        {
            // It is gone, and there is no room to say how.
            return null;
        }
    }
}
