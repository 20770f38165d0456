using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Supervisor.Protocol.Errors;

namespace Supervisor.Host.Api;

/// <summary>
/// An answer of several JSON objects, one a line, on one chunked response. Of a long call: <c>{"type":"accepted"}</c> once what was asked for
/// is durable, then <c>{"type":"done",…}</c> or <c>{"type":"error","error":{…}}</c>. A failure before the first line is an ordinary error answer.
/// </summary>
internal sealed class LineReply(HttpResponse response, CancellationToken cancelled)
{
    private const string ContentType = "application/x-ndjson";

    public static bool IsOn(HttpResponse response) => string.Equals(response.ContentType, ContentType, StringComparison.Ordinal);

    public Task AcceptedAsync() => WriteAsync("{\"type\":\"accepted\"}\n"u8.ToArray(), cancelled);

    /// <summary>The last line: <c>type</c>, and the fields of <paramref name="result"/>.</summary>
    public Task DoneAsync<T>(T result, JsonTypeInfo<T> type)
    {
        byte[] fields = JsonSerializer.SerializeToUtf8Bytes(result, type);
        ReadOnlySpan<byte> separator = fields.Length > 2 ? ","u8 : ""u8;
        return WriteAsync([.. "{\"type\":\"done\""u8, .. separator, .. fields.AsSpan(1), (byte)'\n'], cancelled);
    }

    /// <summary>One object of a stream.</summary>
    public Task ItemAsync<T>(T item, JsonTypeInfo<T> type) => WriteAsync([.. JsonSerializer.SerializeToUtf8Bytes(item, type), (byte)'\n'], cancelled);

    /// <summary>The last line of an answer that has begun; the call itself may be cancelled already.</summary>
    public Task ErrorAsync(SupException error)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorAnswer.Of(error), ErrorJson.Default.ErrorAnswer);
        return WriteAsync([.. "{\"type\":\"error\","u8, .. body.AsSpan(1), (byte)'\n'], CancellationToken.None);
    }

    private async Task WriteAsync(byte[] line, CancellationToken cancel)
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
