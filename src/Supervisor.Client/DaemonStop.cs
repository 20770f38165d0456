using System.Globalization;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>Ends the daemon of a state root.</summary>
internal static class DaemonStop
{
    private const int LookMilliseconds = 20;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Asks it to stop (one that does not answer, or not in our language, by SIGTERM), and returns when it has let go of its lock.
    /// </summary>
    /// <returns>Its pid; null when none ran.</returns>
    /// <exception cref="SupException">It still runs when the time is over.</exception>
    public static int? Run(StateRoot root, TimeSpan patience)
    {
        int folder = root.OpenRoot(create: false);
        if (folder < 0)
        {
            return null;
        }

        try
        {
            Deadline deadline = Deadline.In(patience);
            int? asked = null;
            while (DaemonFiles.IsHeld(folder))
            {
                if (deadline.HasPassed)
                {
                    throw StillThere(DaemonFiles.Read(folder));
                }

                // One that is just starting is asked once it is ready.
                if (DaemonFiles.Read(folder) is { } daemon && asked != daemon.Pid && Ask(folder, daemon))
                {
                    asked = daemon.Pid;
                }

                Thread.Sleep(LookMilliseconds);
            }

            return asked;
        }
        finally
        {
            Libc.close(folder);
        }
    }

    private static bool Ask(int folder, DaemonRecord daemon)
    {
        try
        {
            using DaemonConnection? connection = DaemonConnection.Open(folder, Deadline.In(AnswerTime));
            if (connection is null)
            {
                return false;
            }

            connection.Post("/daemon/stop", [], AnswerTime);
            return true;
        }
        catch (SupException)
        {
            // It holds the lock, so it is this very process, unless the record is an older one's.
            ProcessIdentity identity = new(daemon.Pid, daemon.PidStartTime);
            bool sent = string.Equals(daemon.BootId, ProcessIdentity.BootId, StringComparison.Ordinal)
                && ProcessSignal.Send(identity, Signals.SIGTERM);

            // A stopped process takes it only when it goes on.
            return sent && ProcessSignal.Send(identity, Signals.SIGCONT);
        }
    }

    private static SupException StillThere(DaemonRecord? daemon) => new(
        ErrorCode.Timeout,
        ExitCode.Failure,
        "the daemon does not stop",
        daemon is null ? "see who holds daemon.lock" : string.Create(CultureInfo.InvariantCulture, $"kill -9 {daemon.Pid} ends it; what it looks after runs on"));
}
