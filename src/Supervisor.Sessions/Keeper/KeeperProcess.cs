using System.Diagnostics;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Keeper;

/// <summary>A keeper that was started from here. It lives on when this process dies.</summary>
public sealed class KeeperProcess
{
    private KeeperProcess(int pid, string session) => (Pid, Session) = (pid, session);

    public int Pid { get; }

    /// <summary>The id of its session.</summary>
    public string Session { get; }

    /// <summary>
    /// Starts one, out of this process's session and terminal, and waits until its session can be reached. No command is started by that.
    /// </summary>
    /// <param name="program">The <c>sup</c> program.</param>
    /// <param name="stateFolder">The state root.</param>
    /// <param name="id">An ended session to take up again; empty for a new one.</param>
    /// <param name="spec">The content of spec.json of a new one.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <exception cref="SupException">It could not, and why: the name is taken, the disk is full …</exception>
    public static KeeperProcess Start(string program, string stateFolder, string id, ReadOnlySpan<byte> spec, TimeSpan deadline)
    {
        (int ours, int theirs) = Io.SocketPair();
        List<byte[]> environment = RuntimeEnvironment.With("XDG_RUNTIME_DIR", CrashPoint.Variable);
        environment.Add(NativeText.Encode($"SUP_STATE_DIR={stateFolder}"));
        Spawn spawn = new()
        {
            Arguments = [NativeText.Encode(program), Encoding.UTF8.GetBytes(KeeperOrder.Verb), Encoding.UTF8.GetBytes(id)],
            Environment = environment,
            Descriptors =
            [
                new DescriptorAction(0, theirs),
                new DescriptorAction(1, DescriptorAction.Close, "/dev/null"),
                new DescriptorAction(2, DescriptorAction.Close, "/dev/null"),
            ],
            WorkingDirectory = "/",
            NewSession = true,
            SignalsToDefault = ulong.MaxValue,
            SignalMask = Signals.Handled,
        };
        int error = spawn.Start(NativeText.Encode(program), out int pid);
        Libc.close(theirs);
        if (error != 0)
        {
            Libc.close(ours);
            throw Failed($"cannot start {program}: {Errno.Text(error)}");
        }

        try
        {
            LiveMessage? answer = Io.WriteAll(ours, spec) == 0 && Libc.shutdown(ours, Libc.SHUT_WR) == 0 ? Answer(ours, deadline) : null;
            return answer switch
            {
                { Type: LiveMessageType.Done, Session: { } session } => new KeeperProcess(pid, session),
                { Code: { } code, Message: var message } => throw new SupException(code, ExitCode.Failure, message ?? "the session's keeper did not start"),
                _ => throw Failed("the session's keeper did not answer"),
            };
        }
        catch
        {
            // It may be stuck; without an answer nobody knows of its session.
            ProcessIdentity? identity = ProcessIdentity.Of(pid);
            if (identity is { } keeper)
            {
                ProcessSignal.Send(keeper, Signals.SIGKILL);
            }

            WaitStatus.Reap(pid);
            throw;
        }
        finally
        {
            Libc.close(ours);
        }
    }

    /// <summary>Takes note of its end, so that no zombie is left. False while it lives.</summary>
    public bool TryReap() => WaitStatus.Next(Pid).IsEnd;

    private static LiveMessage? Answer(int fd, TimeSpan deadline)
    {
        FrameBuffer frames = new();
        long started = Stopwatch.GetTimestamp();
        LiveMessage? message;
        while (!frames.TryTake(out message))
        {
            int left = (int)(deadline - Stopwatch.GetElapsedTime(started)).TotalMilliseconds;
            if (left <= 0 || !Io.WaitFor(fd, Libc.POLLIN, left) || !frames.Fill(fd))
            {
                return null;
            }
        }

        return message;
    }

    private static SupException Failed(string why) => new(ErrorCode.Internal, ExitCode.Failure, why);
}
