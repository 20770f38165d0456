using System.Threading.Channels;
using Serilog;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Sessions;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Host.Supervision;

/// <summary>
/// What the daemon is there for, behind the control API: each call of the API is one message to it and one reply. Replies are awaited with
/// the call's cancellation, which includes its deadline; a caller that leaves undoes nothing.
/// </summary>
internal interface ISupervision
{
    /// <summary>Makes ready what must be there before the first call.</summary>
    /// <param name="root">The state root.</param>
    /// <param name="lastEpoch">The highest epoch that <c>daemon.json</c> tells of; 0 when there was no daemon yet.</param>
    /// <param name="log">Gets what happens.</param>
    /// <param name="failed">Called when all of it has ended without being told to: the daemon cannot go on.</param>
    /// <param name="cancel">The daemon is told to stop before it is ready.</param>
    /// <returns>This daemon's epoch: higher than that, and durable.</returns>
    /// <exception cref="Protocol.Errors.SupException">It cannot work here; the daemon ends and says so.</exception>
    Task<long> StartAsync(StateRoot root, long lastEpoch, ILogger log, Action failed, CancellationToken cancel);

    /// <summary>Lets go of everything; what it looked after runs on.</summary>
    Task StopAsync(CancellationToken cancel);

    Task<SupervisionStatus> StatusAsync(CancellationToken cancel);

    /// <summary>Names this state root for ever; part of the ids of events.</summary>
    string Node { get; }

    /// <summary>Has every event from now on written into a channel, which is completed when it is full; the answer is the ordering before the first of them.</summary>
    Task<long> SubscribeEventsAsync(ChannelWriter<JournalRow> events, CancellationToken cancel);

    void UnsubscribeEvents(ChannelWriter<JournalRow> events);

    /// <summary>Stored events behind an ordering.</summary>
    /// <exception cref="Protocol.Errors.SupException">They cannot be read.</exception>
    Task<FeedPage> ReadEventsAsync(long after, int limit);

    /// <summary>Brings a message of <see cref="LogStreamProtocol"/> to the session's actor.</summary>
    void ToOutput(SessionId id, object message);

    /// <summary>One message to a session's runner, and its reply, which is never a refusal.</summary>
    /// <param name="command">What for.</param>
    /// <param name="limit">How long the reply may take.</param>
    /// <param name="cancel">The caller has left.</param>
    /// <exception cref="Protocol.Errors.SupException">It was refused.</exception>
    Task<IReply> AskAsync(ISessionCommand command, TimeSpan limit, CancellationToken cancel);
}

/// <summary>How much there is to do.</summary>
/// <param name="Supervised">Live sessions that it starts, stops and restarts.</param>
/// <param name="Observed">Live sessions that others own, such as runs in the foreground.</param>
/// <param name="JournalBytes">The journal on disk.</param>
/// <param name="ActorRestarts">How often a part failed and was started again.</param>
internal sealed record SupervisionStatus(int Supervised, int Observed, long JournalBytes, long ActorRestarts);
