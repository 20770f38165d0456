using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Store;

namespace Supervisor.Host.Api.Endpoints.Sessions;

/// <summary>The stop of a session that the daemon only observes: its owner is asked, as <c>sup stop</c> asks it. Nothing is decided, so nothing is journaled but the end.</summary>
internal static class ObservedStop
{
    private const string Signal = "SIGTERM";
    private const long GraceMs = 10_000;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    /// <summary>Whether it is one, and lives. Blocks.</summary>
    public static bool IsOf(StateRoot root, SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        return files is not null && files.IsOwned() && files.ReadMeta() is { Terminal: not "supervised" };
    }

    /// <summary>Returns when all of it is gone; how it ended, or null when that is not known.</summary>
    public static async Task<SessionFinal?> RunAsync(StateRoot root, SessionId id, string? signal, long? graceMs, CancellationToken cancelled)
    {
        if (!await OwnerStop.Ask(root, id, signal ?? Signal, graceMs ?? GraceMs).WaitAsync(cancelled))
        {
            throw new SupException(
                ErrorCode.Timeout, ExitCode.Failure, $"session {id} cannot be seen to its end: its owner does not answer; its command was ended without it", "kill -9 the owner when it is stuck for good");
        }

        return await Task.Run(
            () =>
            {
                OwnerStop.WaitForEnd(root, id, Longest);
                using SessionFiles? files = SessionFiles.Open(root, id);
                return files?.ReadFinal(files.ReadMeta());
            },
            cancelled).WaitAsync(cancelled);
    }
}
