using System.Threading.Channels;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Sessions;

/// <summary>What can be said to the actor that hands on what is journaled.</summary>
internal static class FeedProtocol
{
    /// <summary>
    /// Has every event from now on written into a channel; answered by <see cref="Subscribed"/>. One that is full when there is one more is completed
    /// with a <see cref="LaggedException"/>.
    /// </summary>
    public sealed record Subscribe(ChannelWriter<JournalRow> Events);

    /// <summary>All behind this ordering goes into the channel; what is up to it can be read from the journal.</summary>
    public sealed record Subscribed(long Position);

    /// <summary>Whoever subscribed has left.</summary>
    public sealed record Unsubscribe(ChannelWriter<JournalRow> Events);
}
