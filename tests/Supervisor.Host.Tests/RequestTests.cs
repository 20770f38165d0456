using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Supervisor.Client;
using Supervisor.Host.Supervision;
using Supervisor.Host.Tests.Harness;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Tests;

/// <summary>What anybody may send to the daemon's socket, and what comes back.</summary>
public sealed class RequestTests : IDisposable
{
    private readonly DaemonState _state = new();
    private readonly int _pid;

    public RequestTests() => _pid = _state.Start();

    public void Dispose()
    {
        // Whatever was sent, it answers.
        Assert.Contains($"\"pid\":{_pid},", Exchange(RawSocket.Get("/v1/daemon")), StringComparison.Ordinal);
        _state.Dispose();
    }

    [Fact]
    public void The_served_paths_are_the_documented_ones()
    {
        DaemonIdentity identity = new(_state.Root, "", 1, TimeProvider.System);
        string[] served = [.. DaemonProgram.Endpoints(identity, new AkkaSupervision(), () => { }).Select(e => $"{e.Method} {e.Path}").Order(StringComparer.Ordinal)];
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "docs", "openapi.yaml")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        List<string> documented = [];
        string path = "";
        foreach (string line in File.ReadLines(Path.Combine(folder!, "docs", "openapi.yaml")))
        {
            path = Regex.Match(line, "^  (?<path>/.*):$", RegexOptions.NonBacktracking) is { Success: true } p ? p.Groups["path"].Value : path;
            if (Regex.Match(line, "^    (?<method>get|post|put|delete|patch):$", RegexOptions.NonBacktracking) is { Success: true } method)
            {
                documented.Add($"{method.Groups["method"].Value.ToUpperInvariant()} {path}");
            }
        }

        Assert.Equal(served, documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("GET /v1/nosuch HTTP/1.1\r\nHost: x\r\n\r\n", "404", "unknown_path")]
    [InlineData("DELETE /v1/daemon HTTP/1.1\r\nHost: x\r\n\r\n", "405", "invalid_argument")]
    [InlineData("GET /v1/daemon/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404", "unknown_path")]
    [InlineData("hello\r\n\r\n", "400", "")]
    [InlineData("GET /v1/daemon HTTP/1.1\r\n\r\n", "400", "")]
    [InlineData("GET /v1/daemon HTTP/3.7\r\nHost: x\r\n\r\n", "505", "")]
    [InlineData("POST /v1/daemon HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: nonsense\r\n\r\nx", "", "")]
    [InlineData("\0\u0001\u0002\u00ff\r\n\r\n", "400", "")]
    public void Malformed_requests_are_refused(string request, string status, string code)
    {
        string answer = Exchange(request);
        Assert.StartsWith(("HTTP/1.1 " + status).TrimEnd(), answer, StringComparison.Ordinal);
        Assert.Contains(code, answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Oversized_requests_are_refused()
    {
        Assert.StartsWith("HTTP/1.1 414", Exchange($"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: x\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", Exchange($"GET / HTTP/1.1\r\nHost: x\r\nBig: {new string('a', 20_000)}\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_request_ends_its_own_connection_only()
    {
        for (int i = 0; i < 50; i++)
        {
            new RawSocket(_state.Socket).Send("GET /v1/dae").Dispose();
            new RawSocket(_state.Socket).Send("POST /v1/daemon/nosuch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf").Dispose();
        }

        // One that never goes on is given up.
        using RawSocket slow = new(_state.Socket);
        string end = slow.Send("GET /v1/daemon HTTP/1.1\r\nHost: x\r\n").ToEnd();
        Assert.StartsWith("HTTP/1.1 408", end, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_hundred_connections_at_once_are_all_answered()
    {
        RawSocket[] clients = [.. Enumerable.Range(0, 500).Select(_ => new RawSocket(_state.Socket))];
        Array.ForEach(clients, c => c.Send(RawSocket.Get("/v1/daemon")));
        Assert.All(clients, c => Assert.StartsWith("HTTP/1.1 200", c.Answer(), StringComparison.Ordinal));
        Array.ForEach(clients, c => c.Dispose());
        for (int i = 0; i < 500; i++)
        {
            new RawSocket(_state.Socket).Dispose();
        }
    }

    [Fact]
    public void One_connection_too_many_is_told_so()
    {
        RawSocket[] clients = [.. Enumerable.Range(0, 1000).Select(_ => new RawSocket(_state.Socket).Send(RawSocket.Get("/v1/daemon")))];
        Array.ForEach(clients, c => c.Answer());
        string answer = Exchange(RawSocket.Get("/v1/daemon"));
        Assert.StartsWith("HTTP/1.1 503", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"busy\"", answer, StringComparison.Ordinal);
        SupException e = Assert.Throws<SupException>(() =>
        {
            using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
            connection.Get("/daemon", DaemonState.Patience);
        });
        Assert.Equal(ErrorCode.Busy, e.Code);
        Array.ForEach(clients, c => c.Dispose());
        Eventually.True("there is room again", () => Exchange(RawSocket.Get("/v1/daemon")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_user_gets_nothing_even_where_the_files_let_them()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming someone else needs root");
        foreach (string folder in new[] { _state.Folder, _state.Path })
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0x1ED);
        }

        File.SetUnixFileMode(_state.Socket, (UnixFileMode)0x1B6);
        string? answer = null;
        Thread other = new(() =>
        {
            // The system call itself: it concerns this thread alone.
            const uint Nobody = 65534;
            Libc.syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117, Nobody, Nobody, Nobody);
            using RawSocket socket = new(_state.Socket);
            answer = socket.Send(RawSocket.Get("/v1/daemon")).Answer();
        });
        other.Start();
        other.Join();
        Assert.Equal("", answer);
    }

    [Fact]
    public void A_daemon_that_shares_no_version_is_told_apart_from_none()
    {
        string record = File.ReadAllText(_state.RecordPath);
        File.WriteAllText(_state.RecordPath, record.Replace("\"api_min\":1,\"api_max\":1", "\"api_min\":7,\"api_max\":9", StringComparison.Ordinal));
        SupException e = Assert.Throws<SupException>(() => DaemonConnection.Open(_state.Root));
        Assert.Equal(ErrorCode.VersionSkew, e.Code);
        Assert.Contains("7 to 9", e.Message, StringComparison.Ordinal);
        File.WriteAllText(_state.RecordPath, record.Replace("\"api_max\":1", "\"api_max\":9", StringComparison.Ordinal));
        using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
        Assert.NotEmpty(connection.Get("/daemon", DaemonState.Patience));
    }

    private string Exchange(string request)
    {
        using RawSocket socket = new(_state.Socket);
        return socket.Send(request).Answer();
    }
}
