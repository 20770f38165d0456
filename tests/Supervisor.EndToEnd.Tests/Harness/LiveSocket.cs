using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>A client of a live socket, made from its documentation alone.</summary>
internal sealed class LiveSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
    {
        ReceiveTimeout = (int)Eventually.Deadline.TotalMilliseconds,
    };

    public LiveSocket(string path, string hello = """{"type":"hello","protocol_min":1,"protocol_max":1,"role":"operator"}""")
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        Hello = Ask(hello);
        if ((string?)Hello["type"] is not "hello")
        {
            throw new InvalidOperationException("refused: " + Hello.ToJsonString());
        }
    }

    /// <summary>What the owner said first.</summary>
    public JsonObject Hello { get; }

    public JsonObject Ask(string json)
    {
        Send(json);
        return Receive() ?? throw new InvalidOperationException("the owner closed the connection instead of an answer");
    }

    public void Send(string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        byte[] frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        _socket.Send(frame);
    }

    /// <summary>The next frame; null at the connection's end.</summary>
    public JsonObject? Receive()
    {
        byte[]? header = Read(4);
        return header is null ? null : JsonNode.Parse(Read(BinaryPrimitives.ReadInt32BigEndian(header)))!.AsObject();
    }

    public void Dispose() => _socket.Dispose();

    private byte[]? Read(int count)
    {
        byte[] bytes = new byte[count];
        int filled = 0;
        while (filled < count)
        {
            int n = _socket.Receive(bytes, filled, count - filled, SocketFlags.None);
            if (n == 0)
            {
                return null;
            }

            filled += n;
        }

        return bytes;
    }
}
