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

    /// <summary>When its command is started again by itself; null where its spec.json cannot be read.</summary>
    public RestartRules? Rules()
    {
        using SessionFiles? files = Open();
        return files?.ReadBytes(Artifact.Spec) is { } spec && SessionSpec.Read(spec) is { } read ? RestartRules.Of(read) : null;
    }

    /// <summary>What is left of a session that nobody owns. Null when its end is written, when it has an owner, and when it cannot be started again.</summary>
    public static PtyProtocol.Abandoned? Abandoned(SessionFiles files)
    {
        SessionMeta? meta = files.ReadMeta();
        if (meta is null || files.ReadFinal(meta) is not null || files.ReadBytes(Artifact.Spec) is null || files.IsOwned() || files.Has(Artifact.StopRequested)
            || files.ReadFinal(files.ReadMeta()) is not null)
        {
            return null;
        }

        AttemptRecord? last = files.ReadAttempt(meta.Attempt);
        return new PtyProtocol.Abandoned(
            new AttemptFact(meta.Attempt, last?.Pid, last?.PidStartTime, last?.EndedAt is not null, last?.ExitCode, last?.Signal), AbandonedEnd.IsOfAnotherBoot(meta));
    }

    /// <summary>The end of a session that nobody owns: what its owner wrote, else <c>lost</c>, which is written here.</summary>
    /// <param name="attempt">Its last attempt, as far as is known.</param>
    /// <param name="now">UTC.</param>
    /// <param name="reason">Why no attempt follows on one that has ended; null: it was lost.</param>
    /// <returns>Null while somebody owns it.</returns>
    public SessionFinal? End(int attempt, DateTime now, string? reason = null)
    {
        using SessionFiles? files = Open();
        if (files is null)
        {
            return Vanished(attempt, now);
        }

        if (reason is AbandonedEnd.UserStop && files.ReadMeta() is { } meta && !files.IsOwned() && files.ReadFinal(meta) is null)
        {
            SurvivorStop.Run(meta, files.Path);
        }

        SessionFinal? final = AbandonedEnd.Write(root, files, now, reason);
        return final is null && files.ReadMeta() is null && !files.IsOwned() ? Vanished(attempt, now) : final;
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
