using System.Globalization;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>
/// Stops one live session and waits until all of it is gone: through the daemon, which writes the wish down, and where none runs or it cannot,
/// through the session's owner itself.
/// </summary>
internal static class SessionStop
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    /// <summary>What was there when it was asked for.</summary>
    public static IReadOnlyList<Survivor> Run(StateRoot root, SessionStatus session, string? signal, long? graceMs)
    {
        IReadOnlyList<Survivor> processes = session.Meta is { } meta ? Survivors.Of(meta, session.Path) : [];
        bool supervised = session.Meta is { Terminal: "supervised" };
        if (!(supervised && AskDaemon(root, session, signal, graceMs))
            && !OwnerStop.Ask(root, session.Id, signal ?? (supervised ? null : "SIGTERM"), graceMs ?? (supervised ? null : 10_000)).GetAwaiter().GetResult())
        {
            string owner = string.Create(CultureInfo.InvariantCulture, $"pid {session.Meta?.OwnerPid}");
            throw new SupException(
                ErrorCode.Timeout,
                ExitCode.Failure,
                $"session {session.Id} cannot be seen to its end: its owner ({owner}) does not answer; its command was ended without it",
                $"kill -9 the owner when it is stuck for good; the session is lost then");
        }

        OwnerStop.WaitForEnd(root, session.Id, Longest);
        return processes;
    }

    private static bool AskDaemon(StateRoot root, SessionStatus session, string? signal, long? graceMs)
    {
        string query = string.Create(
            CultureInfo.InvariantCulture,
            $"?request_id={Guid.NewGuid():N}{(signal is null ? "" : "&signal=" + signal)}{(graceMs is { } grace ? "&grace_ms=" + grace.ToString(CultureInfo.InvariantCulture) : "")}");
        try
        {
            using DaemonConnection? daemon = DaemonConnection.Open(root);
            daemon?.Post($"/sessions/{session.Id}/stop{query}", [], Longest);
            return daemon is not null;
        }
        catch (SupException e) when (e.Code is ErrorCode.SessionEnded)
        {
            return true;
        }
        catch (SupException e) when (e.Code is ErrorCode.DaemonUnavailable or ErrorCode.JournalUnavailable or ErrorCode.VersionSkew or ErrorCode.SessionNotFound
            or ErrorCode.Timeout or ErrorCode.Internal or ErrorCode.Busy)
        {
            // A stop needs no daemon.
            return false;
        }
    }
}
