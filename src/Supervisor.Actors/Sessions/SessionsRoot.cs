using Akka.Actor;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary><c>/user/sup</c>: the parent of all others. What fails below it fails it, and with it the daemon; the keepers go on.</summary>
internal sealed class SessionsRoot : ReceiveActor
{
    public const string Name = "sup";

    public SessionsRoot(SessionsContext daemon)
    {
        IActorRef supervisor = Context.Watch(Context.ActorOf(SupervisorActor.Props(daemon), "supervisor"));
        IActorRef observer = Context.Watch(Context.ActorOf(ObserverActor.Props(daemon), "observer"));
        IActorRef feed = Context.Watch(Context.ActorOf(FeedActor.Props(daemon.Access.Journal), "feed"));
        Context.ActorOf(RetentionActor.Props(daemon), "retention");
        Receive<Terminated>(_ => throw new InvalidOperationException("the parent of all sessions' actors failed"));
        Receive<ISessionCommand>(supervisor.Forward);
        Receive<AdoptSession>(supervisor.Forward);
        Receive<SupervisorActor.Recover>(supervisor.Forward);
        Receive<SupervisorActor.GetSessions>(supervisor.Forward);
        Receive<OutputSubscription>(supervisor.Forward);
        Receive<NotSupervised>(message => observer.Forward(message.Subscription));
        Receive<FeedProtocol.Subscribe>(feed.Forward);
        Receive<FeedProtocol.Unsubscribe>(feed.Forward);
        Receive<ObserverProtocol.Recover>(observer.Forward);
        Receive<ObserverProtocol.GetObserved>(observer.Forward);
    }

    public static Props Props(SessionsContext daemon) => Akka.Actor.Props.Create(() => new SessionsRoot(daemon));

    /// <summary>No child has a reason to throw. The sweep may begin anew three times an hour; the other two may not: their children would be lost to them.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        3, TimeSpan.FromHours(1), _ => string.Equals(Sender.Path.Name, "retention", StringComparison.Ordinal) ? Directive.Restart : Directive.Stop);
}
