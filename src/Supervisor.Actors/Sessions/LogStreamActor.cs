using System.Threading.Channels;
using Akka.Actor;
using static Supervisor.Actors.Sessions.LogStreamProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// Knows how far a session's transcript goes and when it last grew, and tells those in the daemon who want to know. Never a byte of it: who
/// wants those reads the file.
/// </summary>
internal sealed class LogStreamActor : ReceiveActor
{
    private readonly TimeProvider _time;
    private readonly HashSet<IActorRef> _followers = [];
    private readonly List<ChannelWriter<long>> _channels = [];
    private EndMoved? _last;

    public LogStreamActor(TimeProvider time)
    {
        _time = time;
        Receive<EndIsNow>(OnEnd);
        Receive<Follow>(_ => _followers.Add(Context.Watch(Sender)));
        Receive<Terminated>(gone => _followers.Remove(gone.ActorRef));
        Receive<Subscribe>(OnSubscribe);
        Receive<Unsubscribe>(message => _channels.Remove(message.Ends));
    }

    public static Props Props(TimeProvider time) => Akka.Actor.Props.Create(() => new LogStreamActor(time));

    protected override void PostStop()
    {
        _channels.ForEach(c => c.TryComplete());
        base.PostStop();
    }

    private void OnEnd(EndIsNow message)
    {
        // Told again after a connection was made anew: nothing has happened.
        if (message.End == _last?.End)
        {
            return;
        }

        _last = new EndMoved(message.End, _last is null ? null : _time.GetTimestamp());
        foreach (IActorRef follower in _followers)
        {
            follower.Tell(_last);
        }

        _channels.RemoveAll(c => !Offer(c, message.End));
    }

    private void OnSubscribe(Subscribe message)
    {
        if (_last is null || Offer(message.Ends, _last.End))
        {
            _channels.Add(message.Ends);
        }
    }

    /// <returns>Whether the channel goes on.</returns>
    private static bool Offer(ChannelWriter<long> channel, long end)
    {
        if (channel.TryWrite(end))
        {
            return true;
        }

        channel.TryComplete(new LaggedException());
        return false;
    }
}
