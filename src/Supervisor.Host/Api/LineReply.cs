using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Supervisor.Protocol.Errors;

namespace Supervisor.Host.Api;

/// <summary>
/// An answer of JSON objects, one a line, on one chunked response, as they come. A failure before the first is an ordinary error answer; one
/// behind it is the last line, <c>{"type":"error","error":{…}}</c>.
/// </summary>
internal sealed class LineReply(HttpResponse response, CancellationToken cancelled)
{
    private const string ContentType = "application/x-ndjson";

    public static bool IsOn(HttpResponse response) => string.Equals(response.ContentType, ContentType, StringComparison.Ordinal);

    /// <summary>Whole lines, with their newlines; none begins the answer before there is anything to say.</summary>
    public Task RawAsync(ReadOnlyMemory<byte> lines) => WriteAsync(lines, cancelled);

    /// <summary>The last line of an answer that has begun; the call itself may be cancelled already.</summary>
    public Task ErrorAsync(SupException error)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorAnswer.Of(error), ErrorJson.Default.ErrorAnswer);
        return WriteAsync((byte[])[.. "{\"type\":\"error\","u8, .. body.AsSpan(1), (byte)'\n'], CancellationToken.None);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancel)
    {
        if (!response.HasStarted)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = ContentType;
        }

        await response.Body.WriteAsync(line, cancel);
        await response.Body.FlushAsync(cancel);
    }
}
