using System.Text;
using Supervisor.Client;
using Supervisor.Host.Starting;
using Supervisor.Host.Tests.Harness;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Host.Tests;

/// <summary>A client whose daemon answers nonsense, half, or not at all.</summary>
public sealed class ClientTests
{
    [Theory]
    [InlineData("", "closed the connection")]
    [InlineData("nonsense", "is none")]
    [InlineData("HTTP/1.1 2\r\n\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nno length", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "closed the connection")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "closed the connection")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX5\r\n", "is none")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed the connection")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nplain", "status 500 and no reason")]
    public void An_answer_that_is_none_is_an_error_of_one_line(string answer, string why)
    {
        using FakeDaemon daemon = new(answer, keepOpen: false);
        SupException e = Assert.Throws<SupException>(() => daemon.Get());
        Assert.Equal(ErrorCode.DaemonUnavailable, e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    public void Every_wait_has_an_end(string answer)
    {
        using FakeDaemon daemon = new(answer, keepOpen: true);
        Assert.Contains("does not answer", Assert.Throws<SupException>(() => daemon.Get()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n")]
    public void Both_forms_of_a_body_are_read(string answer)
    {
        using FakeDaemon daemon = new(answer, keepOpen: true);
        Assert.Equal("hello", daemon.Get());
    }

    [Fact]
    public void Words_of_the_daemon_do_not_act_on_the_terminal()
    {
        const string Body = "{\"error\":{\"code\":\"internal\",\"message\":\"a\\u001b[31mb\",\"hint\":null}}";
        using FakeDaemon daemon = new($"HTTP/1.1 500 Oops\r\nContent-Length: {Body.Length}\r\n\r\n{Body}", keepOpen: true);
        Assert.DoesNotContain('\u001b', Assert.Throws<SupException>(() => daemon.Get()).Message);
    }

    /// <summary>Gives one answer, whatever it is asked.</summary>
    private sealed class FakeDaemon : IDisposable
    {
        private readonly DaemonState _state = new();
        private readonly int _folder;
        private readonly ControlSocket _socket;
        private readonly Thread _thread;
        private readonly ManualResetEventSlim _end = new();

        public FakeDaemon(string answer, bool keepOpen)
        {
            _folder = _state.Root.OpenRoot(create: true);
            _socket = ControlSocket.Open(_folder, _state.Path, runtimeFolder: null);
            RecordFile.Write(_folder, new DaemonIdentity(_state.Root, _socket.Path, 1, TimeProvider.System).Record);
            _thread = new Thread(() =>
            {
                Io.WaitFor(_socket.Fd, Libc.POLLIN, Io.Forever);
                int fd = UnixSocket.Accept(_socket.Fd);
                Io.WaitFor(fd, Libc.POLLIN, Io.Forever);
                Io.Read(fd, new byte[4096]);
                UnixSocket.Send(fd, Encoding.Latin1.GetBytes(answer));
                if (keepOpen)
                {
                    _end.Wait();
                }

                Libc.close(fd);
            });
            _thread.Start();
        }

        public string Get()
        {
            using DaemonConnection connection = DaemonConnection.Open(_state.Root)!;
            return Encoding.UTF8.GetString(connection.Get("/daemon", TimeSpan.FromMilliseconds(500)));
        }

        public void Dispose()
        {
            _end.Set();
            _thread.Join();
            Libc.close(_socket.Fd);
            _socket.Dispose();
            Libc.close(_folder);
            _end.Dispose();
            _state.Dispose();
        }
    }
}
