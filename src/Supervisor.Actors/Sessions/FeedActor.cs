using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using Supervisor.Actors.Journal;
using static Supervisor.Actors.Sessions.FeedProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>Hands the events of all sessions, as they are committed and in their order, to those who subscribed. What is new is read once for all of them, and not at all for nobody.</summary>
#pragma warning disable CA1001 // The watch is let go when the actor stops.
internal sealed class FeedActor : ReceiveActor
#pragma warning restore CA1001
{
    private const int PageRows = 256;

    private readonly IEventJournal _journal;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<ChannelWriter<JournalRow>> _channels = [];
    private readonly List<(ChannelWriter<JournalRow> Events, IActorRef Sender)> _early = [];
    private IDisposable? _watch;
    private long _position = -1;
    private long _newest;
    private bool _reading;

    public FeedActor(IEventJournal journal)
    {
        _journal = journal;
        Receive<Subscribe>(OnSubscribe);
        Receive<Unsubscribe>(OnUnsubscribe);
        Receive<Committed>(message => OnCommitted(message.Ordering));
        Receive<PageRead>(OnPage);
    }

    public static Props Props(IEventJournal journal) => Akka.Actor.Props.Create(() => new FeedActor(journal));

    protected override void PreStart()
    {
        IActorRef self = Self;
        _watch = _journal.Watch(ordering => self.Tell(new Committed(ordering)));
        Read(0, 1);
    }

    protected override void PostStop()
    {
        _watch?.Dispose();
        _channels.ForEach(c => c.TryComplete());
        _early.ForEach(e => e.Events.TryComplete());
    }

    private void OnSubscribe(Subscribe message)
    {
        if (_position < 0)
        {
            _early.Add((message.Events, Sender));
            return;
        }

        _channels.Add(message.Events);
        Sender.Tell(new Subscribed(_position));
    }

    private void OnUnsubscribe(Unsubscribe message)
    {
        _channels.Remove(message.Events);
        _early.RemoveAll(e => e.Events == message.Events);
    }

    private void OnCommitted(long ordering)
    {
        _newest = Math.Max(_newest, ordering);
        if (_channels.Count == 0 && !_reading)
        {
            _position = _newest;
        }
        else if (_position < _newest && !_reading)
        {
            Read(_position, PageRows);
        }
    }

    private void Read(long after, int limit)
    {
        _reading = true;
        _ = _journal.ReadFeedAsync(after, limit).PipeTo(Self, success: read => new PageRead(read, null), failure: e => new PageRead(null, e));
    }

    private void OnPage(PageRead message)
    {
        _reading = false;
        if (message.Page is not { Succeeded: true, Value: { } page })
        {
            // Those who follow must not miss what could not be read: they ask again.
            _log.Warning("the journal's feed cannot be read: {0}", message.Page?.Failure ?? message.Failure?.Message);
            _channels.ForEach(c => c.TryComplete(new LaggedException()));
            _channels.Clear();
            _position = Math.Max(_position, _newest);
        }
        else if (_position < 0)
        {
            _newest = Math.Max(_newest, page.Newest);
            _position = _newest;
        }
        else
        {
            foreach (JournalRow row in page.Events)
            {
                _channels.RemoveAll(c => !Offer(c, row));
            }

            _position = page.Events is [.., var last] ? last.Ordering : Math.Max(_position, _newest);
        }

        foreach ((ChannelWriter<JournalRow> events, IActorRef sender) in _early)
        {
            _channels.Add(events);
            sender.Tell(new Subscribed(_position));
        }

        _early.Clear();
        OnCommitted(_newest);
    }

    /// <returns>Whether the channel goes on.</returns>
    private static bool Offer(ChannelWriter<JournalRow> channel, JournalRow row)
    {
        if (channel.TryWrite(row))
        {
            return true;
        }

        channel.TryComplete(new LaggedException());
        return false;
    }

    private sealed record Committed(long Ordering);

    private sealed record PageRead(JournalRead<FeedPage>? Page, Exception? Failure);
}
