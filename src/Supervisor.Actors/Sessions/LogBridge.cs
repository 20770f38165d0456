using Akka.Actor;
using Akka.Event;

namespace Supervisor.Actors.Sessions;

/// <summary>Hands what the actors log to the daemon's own log.</summary>
internal sealed class LogBridge : ReceiveActor
{
    public LogBridge(Action<LogEvent> log)
    {
        Receive<LogEvent>(log);
    }

    public static Props Props(Action<LogEvent> log) => Akka.Actor.Props.Create(() => new LogBridge(log));

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(LogEvent));
}
