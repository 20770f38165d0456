using System.Collections.Concurrent;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// What others ask of a foreground run over its live socket. Asked on the socket's thread; what concerns the command is done on
/// the run's own, which reaps it.
/// </summary>
internal sealed class LiveControl(OwnedSession session) : ILiveOwner, IDisposable
{
    private const long MaxGraceMilliseconds = 24L * 60 * 60 * 1000;

    private readonly ConcurrentQueue<LiveCommand> _commands = new();

    /// <summary>Set while there are commands to take.</summary>
    public WakeEvent Wake { get; } = new();

    public LiveMessage Greet(LiveMessage hello, LiveMessage answer) => answer;

    public LiveMessage Status() => session.Status;

    public void Handle(LiveMessage request, Action<LiveMessage> answer)
    {
        switch (request.Type)
        {
            case LiveMessageType.Signal when SignalName.TryParse(request.Signal, out int signal):
                Enqueue(new LiveCommand(signal, null, answer));
                break;
            case LiveMessageType.Stop when SignalName.TryParse(request.Signal ?? "TERM", out int signal)
                && request.GraceMs is { } grace and >= 0 and <= MaxGraceMilliseconds:
                Enqueue(new LiveCommand(signal, TimeSpan.FromMilliseconds(grace), answer));
                break;
            case LiveMessageType.Note when SilenceNote.TypeOf(request) is not null && string.Equals(request.Role, LiveProtocol.DaemonRole, StringComparison.Ordinal):
                Enqueue(new LiveCommand(0, null, answer) { Note = request });
                break;
            case LiveMessageType.Rename when SessionName.TryParse(request.Name, out SessionName name):
                session.Rename(name, answer);
                break;
            case LiveMessageType.Input or LiveMessageType.Resize:
                answer(LiveAnswer.Error(ErrorCode.SessionReadOnly, "a run in the foreground has its keyboard and its size from its own terminal"));
                break;
            case LiveMessageType.Start or LiveMessageType.Close:
                answer(LiveAnswer.Error(ErrorCode.SessionReadOnly, "a run in the foreground is started by its caller alone"));
                break;
            default:
                answer(LiveAnswer.Error(ErrorCode.InvalidArgument, $"a {request.Type} without what it needs, or with a value that is not valid"));
                break;
        }
    }

    public bool TryTake(out LiveCommand? command)
    {
        Wake.Clear();
        return _commands.TryDequeue(out command);
    }

    private void Enqueue(LiveCommand command)
    {
        _commands.Enqueue(command);
        Wake.Set();
    }

    public void Dispose() => Wake.Dispose();
}
