using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>What the files of one session say, and its end written down where no owner is left to do it. Blocks; not for an actor's own thread.</summary>
internal sealed class SessionPlace(StateRoot root, SessionId id)
{
    /// <summary>Null when there is no such folder.</summary>
    public SessionFiles? Open() => SessionFiles.Open(root, id);

    /// <summary>The end of a session that nobody owns: what its owner wrote, else <c>lost</c>, which is written here.</summary>
    /// <returns>Null while somebody owns it.</returns>
    public SessionFinal? End(int attempt, DateTime now)
    {
        using SessionFiles? files = Open();
        if (files is null)
        {
            return Vanished(attempt, now);
        }

        SessionMeta? meta = files.ReadMeta();
        if (files.ReadFinal(meta) is { } final)
        {
            return final;
        }

        // Nobody can become its owner while it is held so.
        using OwnedFolder? folder = OwnedFolder.OpenEnded(root, id);
        if (folder is null)
        {
            return null;
        }

        meta = files.ReadMeta();
        if (files.ReadFinal(meta) is { } written || meta is null)
        {
            return files.ReadFinal(meta) ?? Vanished(attempt, now);
        }

        AttemptRecord last = files.ReadAttempt(meta.Attempt) ?? new AttemptRecord
        {
            Attempt = meta.Attempt,
            ClaimedAt = meta.StartedAt,
            BootId = meta.BootId,
            StartCursor = 0,
        };
        bool rebooted = !string.Equals(meta.BootId, ProcessIdentity.BootId, StringComparison.Ordinal);
        SessionFinal lost = SessionEnding.Final(
            meta,
            last with { EndedAt = now, EndCursor = files.OutputStatus().Length },
            SessionState.Lost,
            stopped: false,
            rebooted ? [] : Survivors.Of(meta, files.Path)) with
        {
            EndReason = rebooted ? "reboot" : files.Has(Artifact.StopRequested) ? "user-stop" : "owner-lost",
        };
        folder.WriteAtomically(Artifact.Final, lost.ToLine());
        return lost;
    }

    /// <summary>Ends what a keeper that died has left running of its session: the next attempt is to be the only one.</summary>
    /// <exception cref="SupException">A process outlives SIGKILL.</exception>
    public void EndSurvivors()
    {
        using SessionFiles? files = Open();
        if (files?.ReadMeta() is { } meta && !SurvivorStop.Run(meta, files.Path))
        {
            throw new SupException(
                ErrorCode.SessionLost, ExitCode.Failure, $"session {id} cannot be started again: processes of its last attempt cannot be ended", $"sup show {id} lists them");
        }
    }

    private SessionFinal Vanished(int attempt, DateTime now) => new()
    {
        Id = id.Value,
        Attempt = Math.Max(1, attempt),
        State = SessionState.Failed.Word(),
        EndReason = "start-failed",
        EndedAt = now,
        DurationSeconds = 0,
        OutputBytes = 0,
        Error = "its keeper died before it could make the session's folder, or the folder was removed",
    };
}
