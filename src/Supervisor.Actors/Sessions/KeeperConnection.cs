using System.Buffers.Binary;
using System.Net.Sockets;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>The daemon's connection to the live socket of one session, as frames both ways; see docs/live-socket.md.</summary>
internal sealed class KeeperConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private KeeperConnection(Socket socket, NetworkStream stream, LiveMessage hello) => (_socket, _stream, Hello) = (socket, stream, hello);

    /// <summary>What the keeper said first: its epoch, and the last attempt it has begun.</summary>
    public LiveMessage Hello { get; }

    /// <returns>Null where nobody listens.</returns>
    /// <exception cref="IOException">The owner is of another user, or says what makes no sense.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time.</exception>
    public static async Task<KeeperConnection?> OpenAsync(SessionFiles files, long epoch, CancellationToken cancel)
    {
        int fd = files.ConnectLive();
        if (fd < 0)
        {
            return null;
        }

        Socket socket = new(new SafeSocketHandle(fd, ownsHandle: true));
        NetworkStream stream = new(socket);
        try
        {
            if (!UnixSocket.IsSameUser(fd))
            {
                throw new IOException("the owner's socket is another user's");
            }

            LiveMessage hello = new()
            {
                Type = LiveMessageType.Hello,
                ProtocolMin = LiveProtocol.Min,
                ProtocolMax = LiveProtocol.Max,
                Role = LiveProtocol.DaemonRole,
                Epoch = epoch,
            };
            await stream.WriteAsync(FrameBuffer.Frame(hello), cancel).ConfigureAwait(false);
            LiveMessage answer = await ReadAsync(stream, cancel).ConfigureAwait(false) ?? throw new IOException("the owner closed the connection");
            return string.Equals(answer.Type, LiveMessageType.Hello, StringComparison.Ordinal)
                ? new KeeperConnection(socket, stream, answer)
                : throw new IOException($"the owner refused the connection: {answer.Message}");
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Frames are small and few, and fit into the socket's buffer; a keeper that has left it full is as good as gone.</summary>
    /// <returns>Whether it went out; else the connection ends.</returns>
    public bool Send(LiveMessage message)
    {
        byte[] frame = FrameBuffer.Frame(message);
        bool sent = UnixSocket.Send((int)_socket.Handle, frame) == frame.Length;
        if (!sent)
        {
            _socket.Shutdown(SocketShutdown.Both);
        }

        return sent;
    }

    /// <summary>Hands over all frames, until the connection ends, which is never an exception.</summary>
    public async Task ReadAllAsync(Action<LiveMessage> take)
    {
        try
        {
            while (await ReadAsync(_stream, CancellationToken.None).ConfigureAwait(false) is { } message)
            {
                take(message);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            // Over; whoever needs it connects again.
        }
    }

    private static async Task<LiveMessage?> ReadAsync(NetworkStream stream, CancellationToken cancel)
    {
        byte[] header = new byte[LiveProtocol.HeaderBytes];
        if (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false) < header.Length)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length is < 0 or > LiveProtocol.MaxFrameBytes)
        {
            throw new IOException("a frame that is no message");
        }

        byte[] body = new byte[length];
        await stream.ReadExactlyAsync(body, cancel).ConfigureAwait(false);
        return LiveMessage.Parse(body) ?? throw new IOException("a frame that is no message");
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }
}
