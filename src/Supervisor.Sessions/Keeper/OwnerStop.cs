using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Keeper;

/// <summary>
/// Ends a live session through its owner, whoever that is, and where the owner hangs, by its processes. Needs no daemon. To be asked again is
/// harmless.
/// </summary>
public static class OwnerStop
{
    private const string Operator = "operator";
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestGrace = TimeSpan.FromHours(24);
    private const int LookMilliseconds = 10;

    /// <summary>
    /// Has the stop begun. True when the owner has taken it on, or is gone; false when it hangs: then its command was ended without it.
    /// </summary>
    /// <param name="root">The state root.</param>
    /// <param name="id">The session.</param>
    /// <param name="signal">A signal's name; null for the session's own.</param>
    /// <param name="graceMs">Milliseconds until SIGKILL; null for the session's own.</param>
    /// <exception cref="SupException">There is no such session, or the owner refuses.</exception>
    public static Task<bool> Ask(StateRoot root, SessionId id, string? signal, long? graceMs) => Task.Run(() => Run(root, id, signal, graceMs));

    /// <summary>Returns when nobody owns the session any more. False when that takes longer.</summary>
    public static bool WaitForEnd(StateRoot root, SessionId id, TimeSpan longest)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        long started = Stopwatch.GetTimestamp();
        while (files is not null && files.IsOwned())
        {
            TimeSpan left = longest - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            // The end of the connection tells; without one the lock is asked.
            using LiveConnection? owner = LiveConnection.TryOpen(files, "viewer", AnswerTime);
            if (owner is null)
            {
                Thread.Sleep(LookMilliseconds);
                continue;
            }

            while (!owner.IsClosed && files.IsOwned())
            {
                Io.WaitFor(owner.Fd, Libc.POLLIN, (int)Math.Clamp(left.TotalMilliseconds, 1, 1000));
                owner.Update();
            }
        }

        return true;
    }

    private static bool Run(StateRoot root, SessionId id, string? signal, long? graceMs)
    {
        using SessionFiles files = SessionFiles.Open(root, id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "sup ls --all lists them");
        LiveMessage stop = new() { Type = LiveMessageType.Stop, Signal = signal, GraceMs = graceMs };
        for (int look = 0; look < 2 && files.IsOwned(); look++)
        {
            using LiveConnection? owner = LiveConnection.TryOpen(files, Operator, AnswerTime);
            LiveMessage? answer = owner?.Ask(stop, AnswerTime);
            if (answer is { Type: LiveMessageType.Done } or { Code: ErrorCode.SessionEnded })
            {
                return true;
            }

            if (answer is { Code: { } code })
            {
                throw new SupException(code, ExitCode.Failure, $"cannot stop session {id}: {Printable.Line(answer.Message ?? "")}");
            }

            // Stopped by somebody: it goes on, and is asked once more.
            if (files.ReadMeta() is { } meta)
            {
                ProcessSignal.Send(new ProcessIdentity(meta.OwnerPid, meta.OwnerStartTime), Signals.SIGCONT);
            }
        }

        if (files.IsOwned() && files.ReadMeta() is { } hung)
        {
            EndProcesses(files, hung, signal, graceMs);
            return !files.IsOwned();
        }

        if (!files.IsOwned() && files.ReadMeta() is { IsRestarted: true })
        {
            // It waits for a daemon that would start it again.
            EndWaiting(root, files);
        }

        return true;
    }

    private static void EndWaiting(StateRoot root, SessionFiles files)
    {
        if (files.ReadMeta() is not { } meta || files.ReadFinal(meta) is not null)
        {
            return;
        }

        SurvivorStop.Run(meta, files.Path);
        try
        {
            AbandonedEnd.Write(root, files, DateTime.UtcNow, AbandonedEnd.UserStop);
        }
        catch (IOException e)
        {
            throw new SupException(
                ErrorCode.Internal, ExitCode.Failure, $"the stop of session {files.Id} cannot be written down, and the next daemon would start it again: {e.Message}", "free disk space, and stop it again", e);
        }
    }

    /// <summary>The owner hangs: its command is ended by its recorded processes. That this was a person's wish is left for whoever comes to look at the end.</summary>
    private static void EndProcesses(SessionFiles files, SessionMeta meta, string? signal, long? graceMs)
    {
        SessionSpec? spec = SessionSpec.Read(files.ReadBytes(Artifact.Spec) ?? []);
        int number = SignalName.TryParse(signal ?? spec?.StopSignal ?? "TERM", out int given) ? given : Signals.SIGTERM;
        TimeSpan grace = TimeSpan.FromMilliseconds(Math.Min(graceMs ?? spec?.StopTimeoutMs ?? 10_000, LongestGrace.TotalMilliseconds));
        Libc.close(Io.OpenAt(files.Folder, Artifact.StopRequested, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NOFOLLOW, OwnedFolder.FileMode));
        Send(files, meta, number);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < grace && Survivors.Of(meta, files.Path).Count > 0)
        {
            Thread.Sleep(LookMilliseconds);
        }

        Send(files, meta, Signals.SIGKILL);
    }

    private static void Send(SessionFiles files, SessionMeta meta, int signal)
    {
        foreach (Survivor process in Survivors.Of(meta, files.Path))
        {
            ProcessIdentity identity = new(process.Pid, process.StartTime);
            ProcessSignal.Send(identity, signal);
            ProcessSignal.Send(identity, Signals.SIGCONT);
        }
    }
}
