using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Passes on what an ended command has left behind. Its reader may take its time: until then signals count as ever.
/// </summary>
internal sealed class OutputDrain(IReadOnlyList<OutputRelay> relays, WakeEvent relayEnded, SignalReader signals, JobControl job)
{
    /// <summary>A relay sets its event before its thread has quite ended.</summary>
    private const int CheckMilliseconds = 20;

    /// <summary>Waits until all has been passed on. Returns the signal that ended the waiting, or 0.</summary>
    public unsafe int Run()
    {
        foreach (OutputRelay relay in relays)
        {
            relay.Finish();
        }

        PollFd* fds = stackalloc PollFd[2];
        while (!HaveEnded)
        {
            fds[0] = new PollFd { Fd = signals.Fd, Events = Libc.POLLIN };
            fds[1] = new PollFd { Fd = relayEnded.Fd, Events = Libc.POLLIN };
            Io.Poll(fds, 2, CheckMilliseconds);
            if (fds[1].Returned != 0)
            {
                relayEnded.Clear();
            }

            while (signals.TryRead(out ReceivedSignal signal))
            {
                switch (signal.Number)
                {
                    case Signals.SIGHUP or Signals.SIGINT or Signals.SIGQUIT or Signals.SIGTERM:
                        foreach (OutputRelay relay in relays)
                        {
                            relay.Abandon();
                        }

                        return signal.Number;
                    case Signals.SIGTSTP:
                        job.StopSelf(signal.Number);
                        break;
                    default:
                        break;
                }
            }
        }

        return 0;
    }

    private bool HaveEnded
    {
        get
        {
            foreach (OutputRelay relay in relays)
            {
                if (!relay.HasEnded)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
