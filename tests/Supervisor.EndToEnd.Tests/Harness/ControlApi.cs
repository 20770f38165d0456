using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>The daemon's control API, as any HTTP client sees it.</summary>
internal sealed class ControlApi : IDisposable
{
    private readonly HttpClient _client;

    public ControlApi(string state)
    {
        string path = Path.Combine(state, "daemon.sock");
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        _client = new HttpClient(handler) { BaseAddress = new Uri("http://sup"), Timeout = Eventually.Deadline };
    }

    public (HttpStatusCode Status, JsonNode Body) Get(string path) => Answer(_client.GetAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult());

    public (HttpStatusCode Status, JsonNode Body) Post(string path) => Answer(_client.PostAsync(new Uri(path, UriKind.Relative), null).GetAwaiter().GetResult());

    /// <summary>An answer of lines; to be left by disposing it.</summary>
    public ApiLines Follow(string path) =>
        new(_client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead).GetAwaiter().GetResult());

    private static (HttpStatusCode Status, JsonNode Body) Answer(HttpResponseMessage response)
    {
        using (response)
        {
            return (response.StatusCode, JsonNode.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult())!);
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>Lines of an answer, as they come.</summary>
internal sealed class ApiLines(HttpResponseMessage response) : IDisposable
{
    private readonly StreamReader _reader = new(response.Content.ReadAsStreamAsync().GetAwaiter().GetResult());

    public HttpStatusCode Status => response.StatusCode;

    /// <summary>The next one; null at the end.</summary>
    public JsonNode? Next()
    {
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        return _reader.ReadLineAsync(deadline.Token).AsTask().GetAwaiter().GetResult() is { } line ? JsonNode.Parse(line) : null;
    }

    /// <summary>All that is left.</summary>
    public List<JsonNode> Rest()
    {
        List<JsonNode> lines = [];
        while (Next() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }

    public void Dispose()
    {
        _reader.Dispose();
        response.Dispose();
    }
}
