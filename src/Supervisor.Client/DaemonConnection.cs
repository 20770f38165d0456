using System.Globalization;
using System.Text;
using Supervisor.Client.Http;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Client;

/// <summary>
/// A connection to the daemon of a state root: HTTP/1.1 on its socket, one exchange after the other. Every exchange has a deadline; what
/// goes wrong is a <see cref="SupException"/>, the daemon's own errors included.
/// </summary>
internal sealed class DaemonConnection : IDisposable
{
    private const int MaxAnswer = 16 * 1024 * 1024;
    private const int RetryMilliseconds = 2;
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    private readonly HttpSocket _socket;
    private readonly string _prefix;

    private DaemonConnection(HttpSocket socket, DaemonRecord daemon)
    {
        (_socket, Daemon) = (socket, daemon);
        _prefix = string.Create(CultureInfo.InvariantCulture, $"/v{Math.Min(daemon.ApiMax, ApiVersion.Max)}");
    }

    /// <summary>What it wrote about itself when it started.</summary>
    public DaemonRecord Daemon { get; }

    /// <summary>Connects to the daemon that runs; null when none does, or none is ready.</summary>
    /// <exception cref="SupException">It speaks no version that we do, belongs to someone else, or takes no connection.</exception>
    public static DaemonConnection? Open(StateRoot root)
    {
        int folder = root.OpenRoot(create: false);
        if (folder < 0)
        {
            return null;
        }

        try
        {
            return Open(folder, Deadline.In(ConnectTime));
        }
        finally
        {
            Libc.close(folder);
        }
    }

    /// <summary>Connects to the daemon, and starts one before if there is none.</summary>
    /// <param name="root">Whose; made if it is not there.</param>
    /// <param name="deadline">How long that may take.</param>
    /// <param name="program">The daemon's program; null for the one beside this program.</param>
    /// <exception cref="SupException">As of <see cref="Open(StateRoot)"/>; or none can be started, or none got ready in time.</exception>
    public static DaemonConnection Ensure(StateRoot root, TimeSpan deadline, string? program = null)
    {
        int folder = root.OpenRoot(create: true);
        try
        {
            using DaemonStart start = new(root, folder, program);
            return start.Run(Deadline.In(deadline));
        }
        finally
        {
            Libc.close(folder);
        }
    }

    /// <param name="folder">The state root, open.</param>
    /// <param name="deadline">How long it may take to take us.</param>
    internal static DaemonConnection? Open(int folder, Deadline deadline)
    {
        if (DaemonFiles.Read(folder) is not { } daemon)
        {
            return null;
        }

        int fd = Connect(folder, daemon, deadline);
        if (fd < 0)
        {
            // Nobody listens: it is gone, or on its way out, or was killed.
            return fd == -Errno.EAGAIN ? throw DaemonErrors.Of(new HttpFailure(HttpFault.TooSlow), daemon) : null;
        }

        HttpSocket socket = new(fd);
        try
        {
            if (!UnixSocket.TryGetPeer(fd, out PeerCredentials peer) || peer.Uid != Libc.geteuid())
            {
                throw DaemonErrors.NotOurs(daemon);
            }

            if (peer.Pid != 0 && peer.Pid != daemon.Pid)
            {
                // A daemon that has not written its own record yet.
                socket.Dispose();
                return null;
            }

            return daemon.ApiMin <= ApiVersion.Max && daemon.ApiMax >= ApiVersion.Min ? new DaemonConnection(socket, daemon) : throw DaemonErrors.Skew(daemon);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int Connect(int folder, DaemonRecord daemon, Deadline deadline)
    {
        // By the folder we have open, where that is where it stands: its path may have links in it, or be another one by now.
        string name = Path.GetFileName(daemon.Socket);
        bool inRoot = string.Equals(name, DaemonFiles.Socket, StringComparison.Ordinal);
        int parent = inRoot ? folder : Io.Open(Path.GetDirectoryName(daemon.Socket) ?? "/", Libc.O_RDONLY | Libc.O_DIRECTORY);
        if (parent < 0)
        {
            return -Errno.Last;
        }

        int fd;
        while ((fd = UnixSocket.Connect(parent, name)) == -Errno.EAGAIN && !deadline.HasPassed)
        {
            // Hundreds at once; the daemon takes them one by one.
            Thread.Sleep(RetryMilliseconds);
        }

        if (!inRoot)
        {
            Libc.close(parent);
        }

        return fd;
    }

    /// <summary>Asks for something.</summary>
    /// <param name="path">Behind the version: <c>/daemon</c>.</param>
    /// <param name="deadline">For all of the answer.</param>
    /// <returns>The answer's JSON.</returns>
    public byte[] Get(string path, TimeSpan deadline) => Exchange("GET", path, [], deadline);

    /// <summary>Has something done.</summary>
    /// <param name="path">Behind the version.</param>
    /// <param name="json">The request's body; may be empty.</param>
    /// <param name="deadline">For all of the answer.</param>
    /// <returns>The answer's JSON.</returns>
    public byte[] Post(string path, ReadOnlySpan<byte> json, TimeSpan deadline) => Exchange("POST", path, json, deadline);

    /// <summary>Has something done that takes its time, or follows something: the answer is read line by line.</summary>
    /// <param name="method"><c>GET</c> or <c>POST</c>.</param>
    /// <param name="path">Behind the version.</param>
    /// <param name="json">The request's body; may be empty.</param>
    /// <param name="deadline">For the answer to begin.</param>
    public DaemonLines Lines(string method, string path, ReadOnlySpan<byte> json, TimeSpan deadline)
    {
        Deadline until = Deadline.In(deadline);
        try
        {
            HttpHead head = Send(method, path, json, until);
            HttpBody body = new(_socket, head);
            return head.Status < 400 ? new DaemonLines(body, Daemon) : throw DaemonErrors.FromAnswer(head.Status, body.ReadAll(MaxAnswer, until), Daemon);
        }
        catch (HttpFailure failure)
        {
            throw DaemonErrors.Of(failure, Daemon);
        }
    }

    private byte[] Exchange(string method, string path, ReadOnlySpan<byte> json, TimeSpan deadline)
    {
        Deadline until = Deadline.In(deadline);
        try
        {
            HttpHead head = Send(method, path, json, until);
            byte[] body = new HttpBody(_socket, head).ReadAll(MaxAnswer, until);
            return head.Status < 400 ? body : throw DaemonErrors.FromAnswer(head.Status, body, Daemon);
        }
        catch (HttpFailure failure)
        {
            throw DaemonErrors.Of(failure, Daemon);
        }
    }

    private HttpHead Send(string method, string path, ReadOnlySpan<byte> json, Deadline deadline)
    {
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"{method} {_prefix}{path} HTTP/1.1\r\nHost: sup\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n");
        _socket.Send([.. Encoding.ASCII.GetBytes(head), .. json], deadline);
        return HttpHead.Read(_socket, deadline);
    }

    public void Dispose() => _socket.Dispose();
}
