using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Journal.Sqlite;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>The actors of a daemon with their journal: from opening it until the last one has stopped. Their sessions need none of it to run on.</summary>
public sealed class SessionsSystem : IAsyncDisposable
{
    private const string JournalFile = "journal.db";

    /// <summary>What asks for something is told so soon that a journal hangs; a stop is then carried out without it.</summary>
    private static readonly TimeSpan PersistTime = TimeSpan.FromSeconds(10);

    private static readonly Config Settings = ConfigurationFactory.ParseString("""
        akka {
            loglevel = INFO
            stdout-loglevel = OFF
            loggers = []
            log-dead-letters = off
            scheduler.tick-duration = 50ms
            coordinated-shutdown.run-by-clr-shutdown-hook = off
            coordinated-shutdown.exit-clr = off
        }
        """);

    private readonly SqliteJournal _journal;
    private readonly JournalAccess _access;
    private readonly ActorSystem _system;
    private readonly IActorRef _root;

    private SessionsSystem(SqliteJournal journal, JournalAccess access, ActorSystem system, IActorRef root, long epoch, string node)
    {
        (_journal, _access, _system, _root, Epoch, Node) = (journal, access, system, root, epoch, node);
    }

    /// <summary>This daemon's number: higher than that of any before it, and durable.</summary>
    public long Epoch { get; }

    /// <summary>Ends when the actors have ended, which but for a stop they never do.</summary>
    public Task Ended => _system.WhenTerminated;

    /// <summary>Names this state root for ever; part of the ids of events.</summary>
    public string Node { get; }

    public long JournalBytes => _journal.SizeInBytes;

    /// <summary>Opens the journal and starts the actors, which then join every keeper that lives.</summary>
    /// <param name="root">The state root.</param>
    /// <param name="keeperProgram">The <c>sup</c> program.</param>
    /// <param name="lastEpoch">The highest epoch known besides the journal's.</param>
    /// <param name="log">Gets what the actors log.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="SupException">The journal cannot be used; nothing in it was changed.</exception>
    public static async Task<SessionsSystem> StartAsync(StateRoot root, string keeperProgram, long lastEpoch, Action<LogEvent> log, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(root);
        SqliteJournal journal = await OpenAsync(root, time).ConfigureAwait(false);
        try
        {
            List<SessionMeta> live = await Task.Run(() => LiveSessions(root)).ConfigureAwait(false);
            long known = Math.Max(lastEpoch, await Task.Run(() => HighestEpoch(root, live)).ConfigureAwait(false));
            long epoch = (await journal.RaiseCounterAsync("epoch", known + 1).ConfigureAwait(false)).Value;
            string node = (await journal.ReadOrAddMetaAsync("node", Guid.NewGuid().ToString("N")[..12]).ConfigureAwait(false)).Value;
            IReadOnlyList<ProjectionRow> observed = (await journal.ReadProjectionAsync(ObservedActor.Projection).ConfigureAwait(false)).Value;
            IReadOnlyList<ProjectionRow> rows = (await journal.ReadProjectionAsync("sessions").ConfigureAwait(false)).Value;

            JournalAccess access = new(journal, RunnerEvents.Registry, new EventSourcedSettings { PersistTimeout = PersistTime });
            ActorSystem system = ActorSystem.Create("sup", Settings);
            system.ActorOf(LogBridge.Props(log), "log");
            SessionsContext context = new(root, keeperProgram, epoch, node, access, time);
            IActorRef actors = system.ActorOf(SessionsRoot.Props(context), SessionsRoot.Name);
            SessionsSystem sessions = new(journal, access, system, actors, epoch, node);
            sessions.TakeUp(root, rows, live);
            actors.Tell(new ObserverProtocol.Recover(IdsOf(observed)), ActorRefs.NoSender);
            return sessions;
        }
        catch (Exception e)
        {
            await journal.DisposeAsync().ConfigureAwait(false);
            throw e is JournalException ? Unusable(root, e) : e;
        }
    }

    /// <summary>Asks a session's runner; see <see cref="RunnerProtocol"/>.</summary>
    /// <param name="command">What for.</param>
    /// <param name="limit">How long the answer may take.</param>
    /// <param name="cancel">The caller has left. What it asked for goes on.</param>
    public Task<IReply> AskAsync(ISessionCommand command, TimeSpan limit, CancellationToken cancel) => _root.Ask<IReply>(command, limit, cancel);

    /// <summary>How much there is to do: supervised sessions, and observed ones.</summary>
    public async Task<(SupervisorActor.SessionsResult Supervised, SupervisorActor.SessionsResult Observed)> CountAsync(CancellationToken cancel)
    {
        Task<SupervisorActor.SessionsResult> supervised = CountAsync(SupervisorActor.GetSessions.Instance, cancel);
        return (await supervised.ConfigureAwait(false), await CountAsync(ObserverProtocol.GetObserved.Instance, cancel).ConfigureAwait(false));
    }

    /// <summary>Has every event from now on written into a channel; the answer is the ordering before the first of them.</summary>
    public async Task<long> SubscribeEventsAsync(ChannelWriter<JournalRow> events, CancellationToken cancel) =>
        (await _root.Ask<FeedProtocol.Subscribed>(new FeedProtocol.Subscribe(events), TimeSpan.FromSeconds(10), cancel).ConfigureAwait(false)).Position;

    public void UnsubscribeEvents(ChannelWriter<JournalRow> events) => _root.Tell(new FeedProtocol.Unsubscribe(events), ActorRefs.NoSender);

    /// <summary>Stored events behind an ordering.</summary>
    /// <exception cref="JournalException">They cannot be read.</exception>
    public async Task<FeedPage> ReadEventsAsync(long after, int limit) => (await _journal.ReadFeedAsync(after, limit).ConfigureAwait(false)).Value;

    /// <summary>Brings a message of <see cref="LogStreamProtocol"/> to the session's actor.</summary>
    internal void ToOutput(SessionId id, object message) => _root.Tell(new OutputSubscription(id, message), ActorRefs.NoSender);

    private Task<SupervisorActor.SessionsResult> CountAsync(object question, CancellationToken cancel) =>
        _root.Ask<SupervisorActor.SessionsResult>(question, TimeSpan.FromSeconds(5), cancel);

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate().ConfigureAwait(false);
        _access.Dispose();
        await _journal.DisposeAsync().ConfigureAwait(false);
    }

    private void TakeUp(StateRoot root, IReadOnlyList<ProjectionRow> rows, List<SessionMeta> live)
    {
        HashSet<string> known = [.. rows.Select(r => r.Id)];
        _root.Tell(new SupervisorActor.Recover(IdsOf(rows)), ActorRefs.NoSender);
        foreach (SessionMeta meta in live.Where(m => !known.Contains(m.Id)))
        {
            // Of a journal that was lost, or did not come to know of it.
            if (SessionId.TryParse(meta.Id, out SessionId id))
            {
                _root.Tell(new AdoptSession(id, meta, meta.IsRestarted ? new SessionPlace(root, id).Rules() : null), ActorRefs.NoSender);
                known.Add(meta.Id);
            }
        }

        // Not before it is ready: there may be many that have ended.
        _ = Task.Run(() =>
        {
            foreach (IWithSessionId message in WaitingSessions.In(root, known, e => _system.Log.Warning("a session that waits for a daemon cannot be read: {0}", e.Message)))
            {
                _root.Tell(message, ActorRefs.NoSender);
            }
        });
    }

    private static List<SessionId> IdsOf(IReadOnlyList<ProjectionRow> rows) =>
        [.. rows.Select(r => SessionId.TryParse(r.Id, out SessionId id) ? id : (SessionId?)null).OfType<SessionId>()];

    private static async Task<SqliteJournal> OpenAsync(StateRoot root, TimeProvider time)
    {
        try
        {
            return await SqliteJournal.OpenAsync(new SqliteJournalOptions(Path.Combine(root.Path, JournalFile)) { Time = time }).ConfigureAwait(false);
        }
        catch (JournalException e)
        {
            throw Unusable(root, e);
        }
    }

    private static SupException Unusable(StateRoot root, Exception e) => new(
        ErrorCode.JournalUnavailable,
        ExitCode.Failure,
        $"the daemon cannot use its journal {Path.Combine(root.Path, JournalFile)}: {e.Message}",
        "running commands go on, and can be stopped; move the file away to begin a new one",
        e);

    /// <summary>Sessions with a keeper that lives.</summary>
    private static List<SessionMeta> LiveSessions(StateRoot root)
    {
        List<SessionMeta> found = [];
        if (!Directory.Exists(root.Sessions))
        {
            return found;
        }

        foreach (string folder in Directory.EnumerateDirectories(root.Sessions))
        {
            if (SessionId.TryParse(Path.GetFileName(folder), out SessionId id))
            {
                using SessionFiles? files = SessionFiles.Open(root, id);
                if (files is not null && files.IsOwned() && files.ReadMeta() is { Terminal: "supervised" } meta)
                {
                    found.Add(meta);
                }
            }
        }

        return found;
    }

    /// <summary>What the keepers have seen: a journal that was lost must not lock anybody out.</summary>
    private static long HighestEpoch(StateRoot root, List<SessionMeta> live)
    {
        long highest = 0;
        foreach (SessionMeta meta in live)
        {
            if (SessionId.TryParse(meta.Id, out SessionId id) && SessionFiles.Open(root, id) is { } files)
            {
                byte[] text = files.ReadBytes(Artifact.Epoch) ?? [];
                files.Dispose();
                if (long.TryParse(Encoding.ASCII.GetString(text).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch))
                {
                    highest = Math.Max(highest, epoch);
                }
            }
        }

        return highest;
    }
}
