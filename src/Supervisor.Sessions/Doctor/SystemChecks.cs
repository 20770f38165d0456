using System.Globalization;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Doctor;

/// <summary>The machine, the login and the terminal.</summary>
internal static unsafe class SystemChecks
{
    private const ulong FewDescriptors = 256;
    private const nuint TIOCGPTPEER = 0x5441;

    public static void Run(Func<string, string?> environment, List<Check> checks)
    {
        checks.Add(Descriptors());
        checks.Add(Terminal(environment));
        checks.Add(Kernel());
        checks.Add(Pty());
        checks.Add(LogoutCheck.Run(environment));
    }

    private static Check Descriptors()
    {
        // The runtime has raised the soft limit to this.
        ResourceLimit limit;
        Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit);
        string message = string.Create(CultureInfo.InvariantCulture, $"at most {limit.Hard} open files");
        return limit.Hard < FewDescriptors ? Check.Warning("descriptors", message, "raise it: ulimit -Hn 4096") : Check.Ok("descriptors", message);
    }

    private static Check Terminal(Func<string, string?> environment)
    {
        if (!Io.IsTerminal(1))
        {
            return Check.Ok("terminal", "stdout is none: commands get pipes here");
        }

        string term = environment("TERM") ?? "";
        TerminalSize size = Tty.GetSize(1) ?? default;
        string message = string.Create(CultureInfo.InvariantCulture, $"TERM={term}, {size.Columns}x{size.Rows}");
        return term is "" or "dumb" ? Check.Warning("terminal", message, "set TERM to your terminal's name, such as xterm-256color")
            : size.Columns == 0 || size.Rows == 0 ? Check.Warning("terminal", message, "tell its size: stty cols 80 rows 24")
            : Check.Ok("terminal", message);
    }

    private static Check Kernel()
    {
        string version = Environment.OSVersion.Version.ToString();
        int pidfd = (int)Libc.syscall(Libc.SYS_pidfd_open, Libc.getpid(), 0, 0);
        if (pidfd < 0)
        {
            return Check.Warning(
                "kernel", $"Linux {version} has no pidfd_open: the death of a session's owner is noticed a second late", "use Linux 5.3 or newer, and a container that permits the call");
        }

        Libc.close(pidfd);
        int file = Io.Open("/proc/self/exe", Libc.O_RDONLY);
        bool locks = OfdLock.CanAsk(file);
        Libc.close(file);
        return locks
            ? Check.Ok("kernel", $"Linux {version}")
            : Check.Problem("kernel", $"Linux {version} has no open-file-description locks: who owns a session cannot be told", "use a kernel and a container that have them");
    }

    private static Check Pty()
    {
        int master = -1;
        try
        {
            (master, string path) = Tty.OpenPty();
            int peer = Libc.ioctl(master, TIOCGPTPEER, (void*)(Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC));
            Libc.close(peer);
            return peer >= 0
                ? Check.Ok("pty", "/dev/ptmx gives terminals")
                : Check.Warning("pty", $"{path} can be opened by its name only", "mount /dev/pts of this container, or use Linux 4.13 or newer");
        }
        catch (IOException e)
        {
            return Check.Problem("pty", e.Message, "mount /dev/pts; until then use sup run --pty never");
        }
        finally
        {
            Libc.close(master);
        }
    }
}
