using System.Net.Sockets;
using System.Text;

namespace Supervisor.Host.Tests.Harness;

/// <summary>A client that sends what it likes.</summary>
internal sealed class RawSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RawSocket(string path)
    {
        _socket.ReceiveTimeout = (int)Eventually.Deadline.TotalMilliseconds;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: sup\r\n\r\n";

    public RawSocket Send(string text)
    {
        try
        {
            _socket.Send(Encoding.Latin1.GetBytes(text));
        }
        catch (SocketException)
        {
            // It has answered and closed already.
        }

        return this;
    }

    /// <summary>The first answer: head, and as much body as it says.</summary>
    public string Answer()
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        while (true)
        {
            string all = text.ToString();
            int head = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            int at = all.IndexOf("Content-Length: ", StringComparison.Ordinal);
            if (head >= 0 && at >= 0 && all.Length >= head + 4 + int.Parse(all.AsSpan(at + 16, all.IndexOf('\r', at) - at - 16), provider: null))
            {
                return all;
            }

            int n = Receive(buffer);
            if (n == 0)
            {
                return all;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, n));
        }
    }

    /// <summary>Everything up to the end of the connection.</summary>
    public string ToEnd()
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        int n;
        while ((n = Receive(buffer)) > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, n));
        }

        return text.ToString();
    }

    private int Receive(byte[] buffer)
    {
        try
        {
            return _socket.Receive(buffer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    public void Dispose() => _socket.Dispose();
}
