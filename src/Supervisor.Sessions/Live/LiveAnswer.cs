using Supervisor.Protocol.Live;

namespace Supervisor.Sessions.Live;

/// <summary>What an owner answers.</summary>
internal static class LiveAnswer
{
    public static LiveMessage Done { get; } = new() { Type = LiveMessageType.Done };

    public static LiveMessage Error(string code, string message) => new() { Type = LiveMessageType.Error, Code = code, Message = message };
}
