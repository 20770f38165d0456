using System.Collections.Concurrent;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;

namespace Supervisor.Sessions.Tests.Live;

/// <summary>A session whose owner is this test: a real folder with its lock, a real socket, and what was asked of it.</summary>
internal sealed class LiveOwner : ILiveOwner, IDisposable
{
    private readonly LiveListener _listener;
    private bool _ended;

    public LiveOwner(TestState state, string id)
    {
        Folder = state.AddLive(id);
        _listener = LiveListener.Open(Folder, runtimeFolder: null)!;
        Server = new LiveServer(_listener.Fd, id, End, this);
        Server.Start();
    }

    public OwnedFolder Folder { get; }

    public StoredEnd End { get; } = new();

    public LiveServer Server { get; }

    public ConcurrentQueue<LiveMessage> Asked { get; } = new();

    public LiveMessage Greet(LiveMessage hello, LiveMessage answer) => answer;

    public LiveMessage Status() => new() { Type = LiveMessageType.Status, State = "running", Pid = 7 };

    public void Handle(LiveMessage request, Action<LiveMessage> answer)
    {
        Asked.Enqueue(request);
        answer(new LiveMessage { Type = LiveMessageType.Done });
    }

    /// <summary>Ends the session as an owner does: the files first, then the socket, then the lock.</summary>
    public void Finish(string state = "exited")
    {
        Folder.WriteAtomically(Artifact.Final, TestState.Final(Folder.Id.Value, state).ToLine());
        Dispose();
    }

    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            Server.Dispose();
            _listener.Dispose();
            Folder.Dispose();
        }
    }
}
