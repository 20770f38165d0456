using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Serilog;
using Supervisor.Client;
using Supervisor.Host.Api;
using Supervisor.Host.Starting;
using Supervisor.Host.Tests.Harness;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Tests;

/// <summary>Calls that take their time, between the server and the client, in one process.</summary>
public sealed class LongCallTests : IAsyncLifetime
{
    private readonly DaemonState _state = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TestEndpoint _endpoint = new();
    private WebApplication? _server;
    private ControlSocket? _socket;
    private DaemonLock? _lock;
    private int _folder;

    public async ValueTask InitializeAsync()
    {
        _folder = _state.Root.OpenRoot(create: true);
        _lock = DaemonLock.TryTake(_folder);
        _socket = ControlSocket.Open(_folder, _state.Path, runtimeFolder: null);
        Serilog.Core.Logger log = new LoggerConfiguration().CreateLogger();
        _server = DaemonServer.Create(_socket.Fd, new Dispatcher([_endpoint], log, _stop.Token), log);
        await _server.StartAsync();
        RecordFile.Write(_folder, new DaemonIdentity(_state.Root, _socket.Path, 1, TimeProvider.System).Record);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.StopAsync();
        await _server.DisposeAsync();
        _socket!.Dispose();
        _lock!.Dispose();
        Libc.close(_folder);
        _stop.Dispose();
        _state.Dispose();
    }

    [Fact]
    public void Each_line_comes_at_once()
    {
        using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
        DaemonLines lines = connection.Lines("POST", "/things/one/done", "{\"text\":\"hello\"}"u8, DaemonState.Patience);
        Assert.Equal("{\"type\":\"begun\"}", Text(lines));
        _endpoint.GoOn.Release();
        Assert.Equal("{\"type\":\"done\",\"text\":\"one: hello\"}", Text(lines));
        Assert.Null(lines.Next(DaemonState.Patience));

        // The connection serves again.
        lines = connection.Lines("POST", "/things/two/done", "{\"text\":\"again\"}"u8, DaemonState.Patience);
        _endpoint.GoOn.Release();
        Text(lines);
        Assert.Equal("{\"type\":\"done\",\"text\":\"two: again\"}", Text(lines));
    }

    [Fact]
    public void A_failure_behind_the_first_line_is_the_last_one()
    {
        using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
        DaemonLines lines = connection.Lines("POST", "/things/one/failed", "{\"text\":\"\"}"u8, DaemonState.Patience);
        Text(lines);
        _endpoint.GoOn.Release();
        SupException e = Assert.Throws<SupException>(() => lines.Next(DaemonState.Patience));
        Assert.Equal((ErrorCode.SessionNotFound, ExitCode.NotFound, "there is no one"), (e.Code, e.ExitCode, e.Message));
    }

    [Fact]
    public void A_failure_before_the_first_line_is_an_ordinary_error()
    {
        using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
        SupException e = Assert.Throws<SupException>(() => connection.Lines("POST", "/things/one/done", "{\"text\":"u8, DaemonState.Patience));
        Assert.Equal((ErrorCode.InvalidArgument, ExitCode.Usage), (e.Code, e.ExitCode));
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<SupException>(() => connection.Post("/things/one/done", "[]"u8, DaemonState.Patience)).Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<SupException>(() => connection.Post("/things/one/done", "null"u8, DaemonState.Patience)).Code);
        e = Assert.Throws<SupException>(() => connection.Post("/things/one/done", new byte[2 * 1024 * 1024], DaemonState.Patience));
        Assert.Contains("larger than 1 MiB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_call_is_cancelled_when_its_caller_leaves_when_its_time_is_over_and_when_the_daemon_stops()
    {
        using (DaemonConnection connection = DaemonConnection.Open(_state.Root)!)
        {
            Text(connection.Lines("POST", "/things/one/done", "{\"text\":\"\"}"u8, DaemonState.Patience));
        }

        Assert.True(_endpoint.Cancelled.Wait(DaemonState.Patience, TestContext.Current.CancellationToken));
        using (DaemonConnection connection = DaemonConnection.Open(_state.Root)!)
        {
            _endpoint.Deadline = TimeSpan.FromMilliseconds(50);
            DaemonLines lines = connection.Lines("POST", "/things/one/done", "{\"text\":\"\"}"u8, DaemonState.Patience);
            Text(lines);
            Assert.Equal(ErrorCode.Timeout, Assert.Throws<SupException>(() => lines.Next(DaemonState.Patience)).Code);
            _endpoint.Deadline = Timeout.InfiniteTimeSpan;
            lines = connection.Lines("POST", "/things/one/done", "{\"text\":\"\"}"u8, DaemonState.Patience);
            Text(lines);
            _stop.Cancel();
            Assert.Equal(ErrorCode.DaemonUnavailable, Assert.Throws<SupException>(() => lines.Next(DaemonState.Patience)).Code);
        }
    }

    private static string Text(DaemonLines lines) => Encoding.UTF8.GetString(lines.Next(DaemonState.Patience)!);

    private sealed class TestEndpoint : IEndpoint
    {
        public SemaphoreSlim GoOn { get; } = new(0);

        public SemaphoreSlim Cancelled { get; } = new(0);

        public string Method => "POST";

        public string Path => "/v1/things/{name}/{end}";

        public TimeSpan Deadline { get; set; } = Timeout.InfiniteTimeSpan;

        public async Task AnswerAsync(ApiCall call)
        {
            Thing thing = await call.ReadAsync(ThingJson.Default.Thing);
            LineReply reply = call.Lines();
            await reply.RawAsync("{\"type\":\"begun\"}\n"u8.ToArray());
            try
            {
                await GoOn.WaitAsync(call.Cancelled);
            }
            catch (OperationCanceledException)
            {
                Cancelled.Release();
                throw;
            }

            if (call.Segment("end") is "failed")
            {
                throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, "there is no " + call.Segment("name"));
            }

            await reply.RawAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"done\",\"text\":\"{call.Segment("name")}: {thing.Text}\"}}\n"));
        }
    }
}

internal sealed record Thing(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Thing))]
internal sealed partial class ThingJson : JsonSerializerContext;
