using System.Globalization;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Processes;

/// <summary>Which TCP ports a session's processes listen on (proc_pid_net(5): <c>net/tcp</c> and <c>net/tcp6</c>).</summary>
internal static class ListeningPort
{
    /// <summary>The state LISTEN, as the kernel writes it.</summary>
    private const string Listen = "0A";

    private const int AddressField = 1, StateField = 3, InodeField = 9;

    /// <summary>Whether one of the session's processes holds a socket that listens on <paramref name="port"/>.</summary>
    /// <param name="session">The session.</param>
    /// <param name="path">Its folder.</param>
    /// <param name="port">1 to 65535.</param>
    public static bool IsHeldBy(SessionMeta session, string path, int port)
    {
        // Each process is asked for its own network's sockets: it may live in a container's.
        foreach (Survivor process in Survivors.Of(session, path))
        {
            HashSet<string> sockets = SocketsOn(process.Pid, port);
            if (sockets.Count > 0 && Holds(process.Pid, sockets))
            {
                return true;
            }
        }

        return false;
    }

    private static HashSet<string> SocketsOn(int pid, int port)
    {
        string suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        HashSet<string> found = new(StringComparer.Ordinal);
        foreach (string table in new[] { "tcp", "tcp6" })
        {
            foreach (string line in Lines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/net/{table}")))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > InodeField
                    && string.Equals(fields[StateField], Listen, StringComparison.Ordinal)
                    && fields[AddressField].EndsWith(suffix, StringComparison.Ordinal))
                {
                    found.Add($"socket:[{fields[InodeField]}]");
                }
            }
        }

        return found;
    }

    private static bool Holds(int pid, HashSet<string> sockets)
    {
        try
        {
            foreach (string fd in Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd")))
            {
                if (new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target))
                {
                    return true;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is not ours to look into.
        }

        return false;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
