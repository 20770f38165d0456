using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Keeper;

/// <summary>Makes the folder of a new session, or takes an ended one up again, for a keeper to own.</summary>
public static class KeeperOpening
{
    /// <summary>Makes the folder of a new session and begins to listen. No command is started yet.</summary>
    /// <exception cref="SupException">The id or the name is taken, or nothing can be written.</exception>
    public static SessionKeeper Create(StateRoot root, SessionSpec spec, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SessionId id = IdOf(spec);
        SessionName? name = NameOf(spec);
        SessionClaim claim = SessionClaim.Of(() => root, id, name);
        if (claim.Folder is null)
        {
            claim.Name?.Dispose();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot make the folder of session {id}: {claim.Problem}");
        }

        DateTime now = time.GetUtcNow().UtcDateTime;
        SessionKeeper keeper = new(spec, claim, Describe(spec, now, attempt: 1), null, time);
        try
        {
            claim.Folder.WriteAtomically(Artifact.Meta, keeper.Meta.ToLine());
            claim.Folder.WriteAtomically(Artifact.Spec, spec.ToLine());
            claim.Folder.Reserve(Artifact.Final);
            keeper.GoLive();
            return keeper;
        }
        catch (IOException e)
        {
            keeper.Discard();
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, e.Message, inner: e);
        }
    }

    /// <summary>Takes an ended session up again. Its next attempt goes on in the same transcript.</summary>
    /// <exception cref="SupException">It is not there, somebody holds it, or its spec.json cannot be read.</exception>
    public static SessionKeeper Reopen(StateRoot root, SessionId id, TimeProvider time)
    {
        OwnedFolder? folder;
        try
        {
            folder = OwnedFolder.Reopen(root, id);
        }
        catch (IOException e)
        {
            throw new SupException(ErrorCode.SessionLive, ExitCode.Failure, $"cannot take up session {id}: {e.Message}", inner: e);
        }

        if (folder is null)
        {
            throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "sup ls --all lists them");
        }

        NameLock? nameLock = null;
        try
        {
            SessionMeta meta = SessionMeta.Read(folder.ReadSmall(Artifact.Meta) ?? []) ?? throw Unreadable(id, Artifact.Meta);
            SessionSpec spec = SessionSpec.Read(folder.ReadSmall(Artifact.Spec) ?? []) ?? throw Unreadable(id, Artifact.Spec);
            if (meta.Name is { } text && SessionName.TryParse(text, out SessionName name))
            {
                nameLock = NameLock.TryTake(root, name, id)
                    ?? throw new SupException(
                        ErrorCode.NameTaken, ExitCode.Usage, $"cannot take up session {id}: a live session has its name {name}", "rename one of them");
            }

            // A keeper that was killed has left its socket behind. A wish for the end of what is over has come true.
            folder.Rename(LiveProtocol.SocketName, null);
            folder.Rename(Artifact.StopRequested, null);
            AttemptRecord? last = LastAttempt(folder, meta.Attempt);
            ProcessIdentity self = ProcessIdentity.Self;
            meta = meta with
            {
                Attempt = (last?.Attempt ?? 0) + 1,
                Pid = null,
                PidStartTime = null,
                BootId = ProcessIdentity.BootId,
                OwnerPid = self.Pid,
                OwnerStartTime = self.StartTime,
                Host = Environment.MachineName,
            };
            SessionKeeper keeper = new(spec, new SessionClaim(id, root, folder, nameLock, null), meta, last, time);

            // Written before anything is started: from here on the old final.json no longer counts.
            folder.WriteAtomically(Artifact.Meta, keeper.Meta.ToLine());
            folder.Reserve(Artifact.Final);
            keeper.GoLive();
            return keeper;
        }
        catch
        {
            nameLock?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The last attempt that has a file: meta.json's, or one more where a keeper died between the two.</summary>
    private static AttemptRecord? LastAttempt(OwnedFolder folder, int number)
    {
        while (folder.Holds(SessionKeeper.FileOf(number + 1)))
        {
            number++;
        }

        for (; number > 0; number--)
        {
            if (AttemptRecord.Read(folder.ReadSmall(SessionKeeper.FileOf(number)) ?? []) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static SessionId IdOf(SessionSpec spec) => SessionId.TryParse(spec.Id, out SessionId id)
        ? id
        : throw SupException.Usage($"{Printable.Word(spec.Id)} is no session id", "leave it out, or choose another");

    private static SessionName? NameOf(SessionSpec spec) => spec.Name is null ? null
        : SessionName.TryParse(spec.Name, out SessionName name) ? name
        : throw SupException.Usage($"{Printable.Word(spec.Name)} is no name for a session", "choose another");

    private static SessionMeta Describe(SessionSpec spec, DateTime now, int attempt)
    {
        ProcessIdentity self = ProcessIdentity.Self;
        List<string> command = [];
        foreach (byte[] word in spec.Command)
        {
            command.Add(Encoding.UTF8.GetString(word));
        }

        return new SessionMeta
        {
            Id = spec.Id,
            Name = spec.Name,
            Command = command,
            WorkingDirectory = spec.WorkingDirectory,
            ScriptPath = spec.ScriptPath,
            ScriptHash = spec.ScriptHash,
            StartedAt = now,
            RetentionSeconds = spec.RetentionSeconds,
            SilenceAfterSeconds = spec.SilenceAfterSeconds,
            TransportMode = spec.Pty ? "posix-pty" : "pipe",
            TtyAttached = spec.Pty,
            Terminal = "supervised",
            MaxOutputBytes = spec.MaxOutputBytes,
            Attempt = attempt,
            BootId = ProcessIdentity.BootId,
            OwnerPid = self.Pid,
            OwnerStartTime = self.StartTime,
            Restart = spec.Restart,
            SuccessCodes = spec.SuccessCodes,
            Labels = spec.Labels,
            Host = Environment.MachineName,
        };
    }

    private static SupException Unreadable(SessionId id, string file) => new(
        ErrorCode.Internal, ExitCode.Failure, $"cannot take up session {id}: its {file} is missing or cannot be read", "start it anew with sup start");
}
