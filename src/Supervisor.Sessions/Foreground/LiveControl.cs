using System.Collections.Concurrent;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Foreground;

/// <summary>One signal to the command, or with a grace its stop.</summary>
/// <param name="Signal">The signal's number.</param>
/// <param name="Grace">How long until SIGKILL; null for a signal alone.</param>
/// <param name="Answer">Called once, when it was done or has begun.</param>
internal sealed record LiveCommand(int Signal, TimeSpan? Grace, Action<LiveMessage> Answer);

/// <summary>
/// What others ask of a foreground run over its live socket. Asked on the socket's thread; what concerns the command is done on
/// the run's own, which reaps it.
/// </summary>
internal sealed class LiveControl(SessionRecord record) : ILiveOwner, IDisposable
{
    private const long MaxGraceMilliseconds = 24L * 60 * 60 * 1000;

    private readonly ConcurrentQueue<LiveCommand> _commands = new();

    /// <summary>Set while there are commands to take.</summary>
    public WakeEvent Wake { get; } = new();

    public LiveMessage Status() => record.Status;

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
            case LiveMessageType.Rename when SessionName.TryParse(request.Name, out SessionName name):
                record.Rename(name, answer);
                break;
            case LiveMessageType.Input or LiveMessageType.Resize:
                answer(Error(ErrorCode.SessionReadOnly, "a run in the foreground has its keyboard and its size from its own terminal"));
                break;
            default:
                answer(Error(ErrorCode.InvalidArgument, $"a {request.Type} without what it needs, or with a value that is not valid"));
                break;
        }
    }

    public bool TryTake(out LiveCommand? command)
    {
        Wake.Clear();
        return _commands.TryDequeue(out command);
    }

    public static LiveMessage Done { get; } = new() { Type = LiveMessageType.Done };

    public static LiveMessage Error(string code, string message) => new() { Type = LiveMessageType.Error, Code = code, Message = message };

    private void Enqueue(LiveCommand command)
    {
        _commands.Enqueue(command);
        Wake.Set();
    }

    public void Dispose() => Wake.Dispose();
}
