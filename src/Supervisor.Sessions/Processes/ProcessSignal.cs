using System.Globalization;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>Signals to processes that are not our children, whose numbers may be another's by now.</summary>
internal static class ProcessSignal
{
    private const int MaxStatus = 8192;
    private const string Ignored = "SigIgn:\t";

    /// <summary>Sends a signal to exactly this process. False when it is gone.</summary>
    public static bool Send(ProcessIdentity process, int signal)
    {
        // The descriptor names one process for good; looked at after that, its start time tells which.
        int fd = (int)Libc.syscall(Libc.SYS_pidfd_open, process.Pid, 0, 0);
        if (fd < 0)
        {
            return false;
        }

        bool sent = process.IsAlive && Libc.syscall(Libc.SYS_pidfd_send_signal, fd, signal, 0, 0) == 0;
        Libc.close(fd);
        return sent;
    }

    /// <summary>Whether the process ignores that signal (SigIgn of proc(5)).</summary>
    public static bool IsIgnoredBy(int pid, int signal)
    {
        byte[]? status = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"), MaxStatus);
        string text = Encoding.Latin1.GetString(status ?? []);
        int at = text.IndexOf(Ignored, StringComparison.Ordinal);
        int end = at < 0 ? -1 : text.IndexOf('\n', at);
        return end > 0
            && ulong.TryParse(text.AsSpan(at + Ignored.Length, end - at - Ignored.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong set)
            && Signals.Contains(set, signal);
    }
}
