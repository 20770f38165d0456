using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>
/// A supervised session whose keeper answers what a keeper of another version was recorded to answer: a real folder with its lock, a real
/// socket, a real command.
/// </summary>
internal sealed class RecordedOwner : IDisposable
{
    public const string Id = "recorded";

    private readonly IReadOnlyList<RecordedFrame> _frames;
    private readonly OwnedFolder _folder;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentBag<Socket> _clients = [];
    private readonly Process _command = Process.Start("sleep", "300");
    private readonly Lock _ending = new();
    private SessionMeta _meta;
    private bool _ended;

    /// <param name="workspace">In whose state root.</param>
    /// <param name="frames">The recorded frames.</param>
    public RecordedOwner(Workspace workspace, IReadOnlyList<RecordedFrame> frames)
    {
        _frames = frames;
        _folder = OwnedFolder.Create(TestState.At(workspace.State), TestState.Id(Id))!;
        long? started = ProcessIdentity.Of(_command.Id)?.StartTime;
        _meta = TestState.OwnMeta(Id) with
        {
            Name = "web",
            Command = ["sleep", "300"],
            StartedAt = DateTime.UtcNow,
            RetentionSeconds = 3600,
            Terminal = "supervised",
            BootId = ProcessIdentity.BootId,
            Pid = _command.Id,
            PidStartTime = started,
        };
        _folder.Claim("attempts/1.json", new AttemptRecord { Attempt = 1, ClaimedAt = DateTime.UtcNow, BootId = ProcessIdentity.BootId, StartCursor = 0, Pid = _command.Id, PidStartTime = started }.ToLine());
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.Path, "live.sock")));
        _listener.Listen(50);
        _folder.WriteAtomically("meta.json", _meta.ToLine());
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>What was asked, by all.</summary>
    public ConcurrentQueue<JsonObject> Asked { get; } = new();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                _clients.Add(client);
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The session is over.
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            using NetworkStream stream = new(client);
            byte[] header = new byte[4];
            while (stream.ReadAtLeast(header, 4, throwOnEndOfStream: false) == 4)
            {
                byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
                stream.ReadExactly(body);
                JsonObject asked = JsonNode.Parse(body)!.AsObject();
                Asked.Enqueue(asked);
                foreach (string answer in AnswersTo(asked))
                {
                    byte[] json = Encoding.UTF8.GetBytes(answer);
                    byte[] length = new byte[4];
                    BinaryPrimitives.WriteInt32BigEndian(length, json.Length);
                    stream.Write([.. length, .. json]);
                }

                if ((string?)asked["type"] is "stop" && asked["then"] is null)
                {
                    End();
                }
                else if ((int?)asked["then"] is { } next)
                {
                    _meta = _meta with { Attempt = next };
                    _folder.WriteAtomically("meta.json", _meta.ToLine());
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            // Gone.
        }
    }

    /// <summary>The recorded answers to the first recorded frame of this kind, up to the next thing asked; byte for byte but for the id.</summary>
    private IEnumerable<string> AnswersTo(JsonObject asked)
    {
        string type = (string)asked["type"]!;
        bool daemon = (string?)asked["role"] is "daemon";
        RecordedFrame? like = _frames.FirstOrDefault(f => f.ToOwner && string.Equals(f.Type, type, StringComparison.Ordinal)
            && (f.Frame!["then"] is null) == (asked["then"] is null)
            && (type is not "hello" || ((string?)f.Frame["role"] is "daemon") == daemon));
        if (like is null)
        {
            // It does not answer that.
            return [];
        }

        IEnumerable<RecordedFrame> answers = _frames
            .SkipWhile(f => !ReferenceEquals(f, like)).Skip(1)
            .Where(f => f.Connection == like.Connection)
            .TakeWhile(f => !f.ToOwner && f.Frame is not null);
        return answers.Where(f => type is not "stop" || asked["then"] is not null || f.Type is "done").Select(f => asked["id"] is { } id && f.Frame!["id"] is { } old
            ? f.Json.Replace($"\"id\":{old.ToJsonString()}", $"\"id\":{id.ToJsonString()}", StringComparison.Ordinal)
            : f.Json);
    }

    /// <summary>As a keeper does: the files first, then the socket, then the lock.</summary>
    private void End()
    {
        lock (_ending)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _command.Kill();
            _command.WaitForExit();
            _folder.WriteAtomically("final.json", (TestState.Final(Id, "signaled", _meta.Attempt) with { EndReason = "user-stop", ExitCode = null, Signal = "SIGTERM", EndedAt = DateTime.UtcNow }).ToLine());
            _folder.Dispose();
            _listener.Dispose();
            foreach (Socket client in _clients)
            {
                client.Dispose();
            }
        }
    }

    public void Dispose()
    {
        End();
        _command.Dispose();
    }
}
