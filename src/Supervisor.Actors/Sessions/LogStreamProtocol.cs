using System.Threading.Channels;
using Akka.Actor;

namespace Supervisor.Actors.Sessions;

/// <summary>What can be said to and by the actor that knows how far a session's transcript goes.</summary>
internal static class LogStreamProtocol
{
    /// <summary>From the terminal's actor: so far it can be read now.</summary>
    public sealed record EndIsNow(long End);

    /// <summary>Tells an actor, the sender, of each <see cref="EndMoved"/> from now on.</summary>
    public sealed record Follow
    {
        public static Follow Instance { get; } = new();
    }

    /// <summary>The transcript has grown.</summary>
    /// <param name="End">The cursor behind its last byte.</param>
    /// <param name="At">When that became known here: a timestamp of the daemon's clock, not a time of day. Null for the first end heard of, of which nobody knows how old it is.</param>
    public sealed record EndMoved(long End, long? At);

    /// <summary>
    /// Has the ends written into a channel from now on, the present one first. A channel that is full when there is one more is completed with a
    /// <see cref="LaggedException"/>; one of a session that is over, or whose part of the daemon has failed, is completed without.
    /// </summary>
    public sealed record Subscribe(ChannelWriter<long> Ends);

    /// <summary>Whoever subscribed has left.</summary>
    public sealed record Unsubscribe(ChannelWriter<long> Ends);
}

/// <summary>A subscriber has let more wait than it has room for: it goes on from where it was.</summary>
public sealed class LaggedException() : Exception("the subscriber was too slow");
