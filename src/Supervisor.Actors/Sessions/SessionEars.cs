using Akka.Actor;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;

namespace Supervisor.Actors.Sessions;

/// <summary>The two children of a session's actor that hear of its output: <c>log</c> and <c>silence</c>.</summary>
/// <param name="Log">A <see cref="LogStreamActor"/>.</param>
/// <param name="Silence">A <see cref="SilenceDetectorActor"/>, which follows the other.</param>
internal sealed record SessionEars(IActorRef Log, IActorRef Silence)
{
    private const string LogName = "log", SilenceName = "silence";

    /// <summary>Makes them; the parent watches both.</summary>
    public static SessionEars Of(IActorContext context, SessionId id, SessionsContext daemon)
    {
        IActorRef log = context.Watch(context.ActorOf(LogStreamActor.Props(daemon.Time), LogName));
        IActorRef silence = context.Watch(context.ActorOf(SilenceDetectorActor.Props(daemon.Time, () => SilenceReading.Of(daemon.Root, id, daemon.Now)), SilenceName));
        log.Tell(LogStreamProtocol.Follow.Instance, silence);
        return new SessionEars(log, silence);
    }
}
