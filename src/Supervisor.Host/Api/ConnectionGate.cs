using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Api;

/// <summary>Who may talk to the daemon: this user, on so many connections at once. One too many is told so in HTTP; another user nothing.</summary>
internal sealed class ConnectionGate(int most)
{
    private readonly byte[] _tooMany = TooMany(most);
    private int _open;

    public async Task HandleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is not { } feature || !UnixSocket.IsSameUser((int)feature.Socket.Handle))
        {
            connection.Abort();
            return;
        }

        if (Interlocked.Increment(ref _open) > most)
        {
            Interlocked.Decrement(ref _open);
            await connection.Transport.Output.WriteAsync(_tooMany);
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static byte[] TooMany(int most)
    {
        SupException error = new(
            ErrorCode.Busy,
            ExitCode.Failure,
            string.Create(CultureInfo.InvariantCulture, $"the daemon has {most} connections open, and takes no more"),
            "close some, or try again later");
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorAnswer.Of(error), ErrorJson.Default.ErrorAnswer);
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
