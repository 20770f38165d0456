using Akka.Actor;
using Akka.Event;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Actors.Sessions;

/// <summary>Removes sessions whose time is over, when the daemon starts and every 10 minutes, and empties the trash.</summary>
public sealed class RetentionActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private readonly SessionsContext _daemon;

    public RetentionActor(SessionsContext daemon)
    {
        _daemon = daemon;
        ILoggingAdapter log = Context.GetLogger();
        Receive<Due>(_ => Sweep());
        Receive<Status.Failure>(failure => log.Warning("the sweep failed: {0}", failure.Cause.Message));
        Receive<Done>(_ => Timers.StartSingleTimer(nameof(Due), Due.Instance, Interval));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SessionsContext daemon) => Akka.Actor.Props.Create(() => new RetentionActor(daemon));

    protected override void PreStart() => Self.Tell(Due.Instance);

    private void Sweep()
    {
        SessionsContext daemon = _daemon;
        _ = Task.Run(() =>
        {
            try
            {
                new RetentionSweep(daemon.Root, daemon.Time).Run();
                new Trash(daemon.Root, daemon.Time).Empty();
            }
            catch (Exception e) when (e is SupException or IOException or UnauthorizedAccessException)
            {
                return new Done(e.Message);
            }

            return new Done(null);
        }).PipeTo(Self);
    }

    private sealed record Due
    {
        public static Due Instance { get; } = new();
    }

    private sealed record Done(string? Failure);
}
