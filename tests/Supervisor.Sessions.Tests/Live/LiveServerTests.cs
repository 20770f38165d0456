using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Live;

public sealed class LiveServerTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void The_hello_names_the_session_its_end_and_the_version()
    {
        using LiveOwner owner = new(_state, "a");
        owner.End.Advance(42);
        using Socket socket = Connect("a");
        Send(socket, """{"type":"hello","protocol_min":1,"protocol_max":9,"role":"viewer","later":{"unknown":[1,2]}}""");
        JsonObject hello = Receive(socket)!;
        Assert.Equal("hello", (string?)hello["type"]);
        Assert.Equal(LiveProtocol.Max, (int?)hello["protocol"]);
        Assert.Equal("a", (string?)hello["session"]);
        Assert.Equal("42", (string?)hello["end"]);
    }

    [Fact]
    public void The_daemon_is_told_at_once_after_a_quiet_time_and_else_every_50_ms()
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Connect("a");
        Send(socket, """{"type":"hello","protocol_min":1,"protocol_max":9,"role":"daemon","epoch":1}""");
        Assert.Equal("hello", (string?)Receive(socket)!["type"]);
        Send(socket, """{"type":"follow"}""");
        Assert.Equal("0", (string?)Receive(socket)!["end"]);
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        long end = 0;
        bool done = false;
        Thread printing = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                owner.End.Advance(Interlocked.Increment(ref end));
                Thread.Sleep(1);
            }
        });
        printing.Start();
        const int Frames = 10;
        long told = 0;
        for (int i = 0; i < Frames; i++)
        {
            long now = long.Parse((string)Receive(socket)!["end"]!, CultureInfo.InvariantCulture);
            Assert.True(now > told);
            told = now;
        }

        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(50 * (Frames - 2)));
        Volatile.Write(ref done, true);
        printing.Join();

        // The last one is never left out.
        while (told < end)
        {
            told = long.Parse((string)Receive(socket)!["end"]!, CultureInfo.InvariantCulture);
        }
    }

    [Theory]
    [InlineData("""{"type":"hello","protocol_min":98,"protocol_max":99}""", "version_skew")]
    [InlineData("""{"type":"hello"}""", "version_skew")]
    [InlineData("""{"type":"follow"}""", "invalid_argument")]
    [InlineData("""{"kind":"hello"}""", "invalid_argument")]
    [InlineData("""{"type":5}""", "invalid_argument")]
    [InlineData("""{"type":"hello","protocol_min":1""", "invalid_argument")]
    [InlineData("[]", "invalid_argument")]
    [InlineData("", "invalid_argument")]
    [InlineData("nonsense", "invalid_argument")]
    public void A_bad_beginning_is_told_and_ends_the_connection(string frame, string code)
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Connect("a");
        Send(socket, frame);
        Assert.Equal(code, (string?)Receive(socket)!["code"]);
        Assert.Null(Receive(socket));
        AssertServes("a");
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(LiveProtocol.MaxFrameBytes + 1)]
    public void A_frame_of_a_senseless_length_ends_the_connection_and_nothing_else(int length)
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Connect("a");
        byte[] header = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(header, length);
        socket.Send(header);
        Assert.Equal("invalid_argument", (string?)Receive(socket)!["code"]);
        Assert.Null(Receive(socket));
        AssertServes("a");
    }

    [Fact]
    public void Who_says_nothing_or_stops_in_the_middle_of_a_frame_is_let_go()
    {
        using LiveOwner owner = new(_state, "a");
        using Socket silent = Connect("a");
        using Socket half = Greet("a");
        half.Send([0, 0, 0, 40, (byte)'{']);
        Assert.Null(Receive(silent));
        Assert.Null(Receive(half));
        AssertServes("a");
    }

    [Fact]
    public void A_frame_may_come_byte_by_byte_and_many_at_once()
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Connect("a");
        foreach (byte b in Frame("""{"type":"hello","protocol_min":1,"protocol_max":1}"""))
        {
            socket.Send([b]);
        }

        Assert.Equal("hello", (string?)Receive(socket)!["type"]);
        socket.Send([.. Enumerable.Range(1, 50).SelectMany(i => Frame(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"signal","id":{{i}},"signal":"SIGHUP"}""")))]);
        Assert.Equal(Enumerable.Range(1, 50), Enumerable.Range(1, 50).Select(_ => (int)Receive(socket)!["id"]!));
        Assert.Equal(50, owner.Asked.Count);
    }

    [Fact]
    public void The_largest_frame_is_taken()
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Greet("a");
        string start = """{"type":"rename","id":1,"name":""" + "\"";
        Send(socket, start + new string('x', LiveProtocol.MaxFrameBytes - start.Length - 2) + "\"}");
        Assert.Equal("done", (string?)Receive(socket)!["type"]);
    }

    [Fact]
    public void Status_and_unknown_requests_are_answered_with_their_id()
    {
        using LiveOwner owner = new(_state, "a");
        owner.End.Advance(5);
        using Socket socket = Greet("a");
        Send(socket, """{"type":"status","id":3}""");
        JsonObject status = Receive(socket)!;
        Assert.Equal((3, "running", "5", 1), ((int)status["id"]!, (string?)status["state"], (string?)status["end"], (int)status["connections"]!));
        Send(socket, """{"type":"dance","id":4}""");
        JsonObject error = Receive(socket)!;
        Assert.Equal((4, "invalid_argument"), ((int)error["id"]!, (string?)error["code"]));
    }

    [Fact]
    public void A_follower_is_told_the_end_it_has_and_each_later_one()
    {
        using LiveOwner owner = new(_state, "a");
        owner.End.Advance(10);
        using SessionFiles files = _state.Open("a");
        using LiveConnection connection = LiveConnection.TryOpen(files, "viewer", Soon)!;
        Assert.Equal(10, connection.End);
        Assert.True(connection.Follow());
        for (long end = 11; end <= 300; end++)
        {
            owner.End.Advance(end);
            if (end % 7 == 0)
            {
                Eventually.True(() => Update(connection) == end, $"told {end}");
            }
        }

        Eventually.True(() => Update(connection) == 300, "told the last");
    }

    [Fact]
    public void Three_hundred_followers_stuck_and_dead_ones_among_them_are_all_told()
    {
        using LiveOwner owner = new(_state, "a");
        using SessionFiles files = _state.Open("a");
        List<LiveConnection> followers = [];
        List<Socket> stuck = [];
        for (int i = 0; i < 300; i++)
        {
            if (i % 3 == 0)
            {
                LiveConnection follower = LiveConnection.TryOpen(files, "viewer", Soon)!;
                follower.Follow();
                followers.Add(follower);
            }
            else
            {
                Socket socket = Greet("a");
                Send(socket, """{"type":"follow"}""");
                if (i % 3 == 1)
                {
                    stuck.Add(socket);
                }
                else
                {
                    socket.Dispose();
                }
            }
        }

        long end = 0;
        while (end < 20_000)
        {
            owner.End.Advance(++end);
        }

        Eventually.True(() => followers.TrueForAll(f => Update(f) == end), "all are told the end");
        followers.ForEach(f => f.Dispose());
        stuck.ForEach(s => s.Dispose());
        AssertServes("a");
    }

    [Fact]
    public void Who_asks_without_reading_the_answers_is_let_go()
    {
        using LiveOwner owner = new(_state, "a");
        using Socket socket = Greet("a");
        byte[] request = Frame("""{"type":"status","id":1}""");
        Eventually.True(
            () =>
            {
                try
                {
                    return socket.Poll(0, SelectMode.SelectWrite) && socket.Send(request) == 0;
                }
                catch (SocketException)
                {
                    return true;
                }
            },
            "the connection is closed");
        AssertServes("a");
    }

    [Fact]
    public void The_socket_is_the_users_alone_and_goes_with_the_session()
    {
        using (LiveOwner owner = new(_state, "a"))
        {
            string path = Path.Combine(_state.Session("a"), "live.sock");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using Socket socket = Greet("a");
            owner.Finish();
            Assert.Null(Receive(socket));
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public void An_owner_that_does_not_answer_costs_no_more_than_the_deadline()
    {
        using OwnedFolder folder = _state.AddLive("a");
        int listener = folder.Listen();
        using SessionFiles files = _state.Open("a");
        Assert.Null(LiveConnection.TryOpen(files, "viewer", TimeSpan.FromMilliseconds(50)));
        _ = Supervisor.Sessions.Native.Libc.close(listener);
        Assert.Null(LiveConnection.TryOpen(files, "viewer", Soon));
    }

    private static long Update(LiveConnection connection)
    {
        connection.Update();
        return connection.End;
    }

    private void AssertServes(string id)
    {
        using Socket socket = Greet(id);
        Send(socket, """{"type":"status","id":77}""");
        Assert.Equal(77, (int)Receive(socket)!["id"]!);
    }

    private Socket Greet(string id)
    {
        Socket socket = Connect(id);
        Send(socket, """{"type":"hello","protocol_min":1,"protocol_max":1,"role":"viewer"}""");
        Assert.Equal("hello", (string?)Receive(socket)!["type"]);
        return socket;
    }

    private Socket Connect(string id)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Soon.TotalMilliseconds };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(_state.Session(id), "live.sock")));
        return socket;
    }

    private static byte[] Frame(string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        byte[] frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }

    private static void Send(Socket socket, string json) => socket.Send(Frame(json));

    /// <summary>The next frame; null at the connection's end.</summary>
    private static JsonObject? Receive(Socket socket)
    {
        byte[] header = new byte[4];
        if (!Fill(socket, header))
        {
            return null;
        }

        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
        Assert.True(Fill(socket, body));
        return JsonNode.Parse(body)!.AsObject();
    }

    private static bool Fill(Socket socket, byte[] buffer)
    {
        int filled = 0;
        while (filled < buffer.Length)
        {
            int n;
            try
            {
                n = socket.Receive(buffer, filled, buffer.Length - filled, SocketFlags.None);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                return false;
            }

            if (n == 0)
            {
                return false;
            }

            filled += n;
        }

        return true;
    }
}
