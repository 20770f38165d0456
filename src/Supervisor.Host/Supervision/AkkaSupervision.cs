using System.Globalization;
using System.Threading.Channels;
using Akka.Event;
using Serilog;
using Serilog.Events;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Sessions;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;
using LogEvent = Akka.Event.LogEvent;

namespace Supervisor.Host.Supervision;

/// <summary>The actors that look after sessions, as the control API sees them.</summary>
internal sealed class AkkaSupervision : ISupervision
{
    private SessionsSystem? _sessions;
    private volatile bool _stopping;

    public async Task<long> StartAsync(StateRoot root, long lastEpoch, ILogger log, Action failed, CancellationToken cancel)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "sup");
        _sessions = await SessionsSystem.StartAsync(root, program, lastEpoch, e => Write(log, e), TimeProvider.System);
        _ = _sessions.Ended.ContinueWith(
            _ =>
            {
                if (!_stopping)
                {
                    failed();
                }
            },
            TaskScheduler.Default);
        return _sessions.Epoch;
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        _stopping = true;
        if (_sessions is { } sessions)
        {
            await sessions.DisposeAsync();
        }
    }

    public async Task<SupervisionStatus> StatusAsync(CancellationToken cancel)
    {
        (SupervisorActor.SessionsResult supervised, SupervisorActor.SessionsResult observed) = await Sessions.CountAsync(cancel);
        return new SupervisionStatus(supervised.Count, observed.Count, Sessions.JournalBytes, supervised.Restarts + observed.Restarts);
    }

    public string Node => Sessions.Node;

    public Task<long> SubscribeEventsAsync(ChannelWriter<JournalRow> events, CancellationToken cancel) => Sessions.SubscribeEventsAsync(events, cancel);

    public void UnsubscribeEvents(ChannelWriter<JournalRow> events) => Sessions.UnsubscribeEvents(events);

    public async Task<FeedPage> ReadEventsAsync(long after, int limit)
    {
        try
        {
            return await Sessions.ReadEventsAsync(after, limit);
        }
        catch (JournalException e)
        {
            throw new SupException(ErrorCode.JournalUnavailable, ExitCode.Failure, e.Message, "its log says more: sup daemon status", e);
        }
    }

    public void ToOutput(SessionId id, object message) => Sessions.ToOutput(id, message);

    public async Task<IReply> AskAsync(ISessionCommand command, TimeSpan limit, CancellationToken cancel)
    {
        try
        {
            IReply reply = await Sessions.AskAsync(command, limit, cancel);
            return reply is RefusedResult refused ? throw new SupException(refused.Code, ExitCode.Failure, refused.Message, refused.Hint) : reply;
        }
        catch (Akka.Actor.AskTimeoutException e)
        {
            throw new SupException(ErrorCode.Timeout, ExitCode.Failure, $"session {command.SessionId} did not answer in time", "what was asked for may still be done; sup show tells", e);
        }
    }

    private SessionsSystem Sessions => _sessions ?? throw new InvalidOperationException("not started");

    private static void Write(ILogger log, LogEvent happened) =>
        log.ForContext("source", happened.LogSource).Write(
            happened.LogLevel() switch
            {
                LogLevel.ErrorLevel => LogEventLevel.Error,
                LogLevel.WarningLevel => LogEventLevel.Warning,
                LogLevel.DebugLevel => LogEventLevel.Debug,
                _ => LogEventLevel.Information,
            },
            happened.Cause,
            Convert.ToString(happened.Message, CultureInfo.InvariantCulture)?.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal) ?? "");
}
