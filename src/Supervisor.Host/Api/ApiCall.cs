using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;

namespace Supervisor.Host.Api;

/// <summary>One request, and the means to answer it.</summary>
internal sealed class ApiCall(HttpContext context, IReadOnlyDictionary<string, string> segments, CancellationToken cancelled)
{
    private const string Json = "application/json";

    /// <summary>The caller has left, the deadline has passed, or the daemon stops. To be given to every question asked on the way.</summary>
    public CancellationToken Cancelled { get; } = cancelled;

    /// <summary>The path's segment of that name.</summary>
    public string Segment(string name) => segments[name];

    /// <summary>A parameter behind the question mark; null when it is not given.</summary>
    public string? Parameter(string name) => context.Request.Query.TryGetValue(name, out var values) ? values[0] : null;

    /// <summary>The body.</summary>
    /// <exception cref="SupException">It is not such an object.</exception>
    public async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, Cancelled)
                ?? throw SupException.Usage("the request's body is null", "see docs/openapi.yaml");
        }
        catch (JsonException e)
        {
            string where = e.Path is { Length: > 0 } path ? $" at {path}" : "";
            throw new SupException(
                ErrorCode.InvalidArgument, ExitCode.Usage, $"the request's body is not what it should be{where}", "see docs/openapi.yaml", e);
        }
    }

    /// <summary>The body as it came, of at most so many bytes.</summary>
    public async Task<byte[]> ReadBytesAsync(int most)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = most;
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, Cancelled);
        return body.ToArray();
    }

    /// <summary>The session that the path names.</summary>
    /// <exception cref="SupException">It is no session's id.</exception>
    public SessionId Session() => SessionId.TryParse(Segment("id"), out SessionId id)
        ? id
        : throw SupException.Usage("the path names no session id", "names and prefixes are for people; sup show NAME --json has the id");

    /// <summary>The parameter <c>request_id</c>, or one that nobody else has.</summary>
    /// <exception cref="SupException">It is longer than 64 characters.</exception>
    public string RequestId() => Parameter("request_id") switch
    {
        null or "" => Guid.NewGuid().ToString("N"),
        { Length: <= 64 } given => given,
        _ => throw SupException.Usage("request_id is too long", "give at most 64 characters"),
    };

    /// <summary>Answers with one object, whole.</summary>
    public async Task AnswerAsync<T>(T answer, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, Cancelled);
    }

    /// <summary>Answers with lines that come one by one; the first is written by the caller.</summary>
    public LineReply Lines() => new(context.Response, Cancelled);

    /// <summary>To be done once the answer is on its way.</summary>
    public void WhenAnswered(Action action) => context.Response.OnCompleted(() =>
    {
        action();
        return Task.CompletedTask;
    });
}
