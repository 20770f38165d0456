using System.Buffers.Text;
using System.Globalization;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// Tells a signal that was sent to our whole process group, which the command has by itself, from one sent to us alone, which is to be
/// passed on. The kernel does not say; but a process of the same group that has all signals blocked keeps what the group got pending,
/// for anyone to read in <c>/proc/PID/status</c>. It is a <c>cat</c> on a pipe of ours: small, and gone when we are, whatever the reason.
/// </summary>
/// <remarks>Of a group the kernel signals the newest process first: what has reached us has reached it.</remarks>
internal sealed class GroupCanary : IDisposable
{
    private const int StatusBytes = 8192;

    private readonly int _pid;
    private readonly int _pipe;

    private GroupCanary(int pid, int pipe) => (_pid, _pipe) = (pid, pipe);

    /// <summary>What the group got, as far as signals can be blocked. Kept until this object is replaced.</summary>
    public ulong Pending
    {
        get
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{_pid}/status");
            ReadOnlySpan<byte> status = ProcFile.Read(path, StatusBytes);
            int at = status.IndexOf("\nShdPnd:\t"u8);
            return at >= 0 && Utf8Parser.TryParse(status[(at + 9)..], out ulong pending, out _, 'x') ? pending : 0;
        }
    }

    /// <summary>Null where it cannot be had: then a signal for the whole group counts as one for us.</summary>
    public static GroupCanary? Start()
    {
        if (!Io.TryPipe(out int read, out int write))
        {
            return null;
        }

        Spawn spawn = new()
        {
            Arguments = ["cat"u8.ToArray()],
            Environment = [],
            Descriptors =
            [
                new DescriptorAction(0, read), new DescriptorAction(1, DescriptorAction.Close, "/dev/null"), new DescriptorAction(2, 1),
            ],
            WorkingDirectory = "/",
            SignalMask = ulong.MaxValue,
        };
        int error = spawn.Start("/bin/cat"u8, out int pid);
        Libc.close(read);
        if (error == 0)
        {
            return new GroupCanary(pid, write);
        }

        Libc.close(write);
        return null;
    }

    public void Dispose()
    {
        Libc.close(_pipe);
        Libc.kill(_pid, Signals.SIGKILL);
        WaitStatus.Reap(_pid);
    }
}
