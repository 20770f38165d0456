using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Stats;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup stats [ID…] [--watch]</c></summary>
internal sealed class StatsCommand : Command
{
    /// <summary>What the rates of a single look are taken over.</summary>
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private readonly Argument<string[]> _ids = new("ID") { Description = "Only these sessions", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Once a second, until Ctrl-C or until the sessions given have ended" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object; with --watch one a line" };

    public StatsCommand()
        : base("stats", "Show the processor, memory and output of each live session's processes")
    {
        Arguments.Add(_ids);
        Options.Add(_watch);
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetValue(_ids) ?? [], parsed.GetValue(_watch), parsed.GetValue(_json)));
    }

    private static int Execute(string[] ids, bool watch, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionCatalog catalog = new(root, TimeProvider.System);
        List<SessionId> chosen = [.. ids.Select(id => Live(catalog.Find(id), watch)).Distinct()];
        IReadOnlyList<SessionStatus> Sessions() => chosen.Count == 0
            ? [.. catalog.Live().Sessions.Reverse()]
            : [.. chosen.Select(id => Look(root, id)).OfType<SessionStatus>().Where(s => s.State.IsLive())];

        StatsSampler sampler = new(root, TimeProvider.System);
        StatsScreen? screen = watch && !json && Io.IsTerminal(1) ? new StatsScreen() : null;
        sampler.Sample(Sessions());
        long before = Stopwatch.GetTimestamp();
        for (TimeSpan interval = FirstInterval; ; interval = WatchInterval)
        {
            Thread.Sleep(interval);
            IReadOnlyList<SessionStatus> sessions = Sessions();
            IReadOnlyList<SessionStats> stats = sampler.Sample(sessions);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(before);
            before = Stopwatch.GetTimestamp();
            if (watch && chosen.Count > 0 && sessions.Count == 0)
            {
                return 0;
            }

            if (json)
            {
                StatsAnswer answer = new(TimeProvider.System.GetUtcNow().UtcDateTime, Math.Round(elapsed.TotalSeconds, 3), [.. stats.Select(Answer)]);
                Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, StatsJson.Default.StatsAnswer));
            }
            else if (screen is not null)
            {
                screen.Show(Lines(stats), wasStopped: elapsed > 3 * WatchInterval);
            }
            else
            {
                Data.Write(string.Join('\n', Lines(stats)) + (watch ? "\n" : ""));
            }

            if (!watch)
            {
                return 0;
            }
        }
    }

    private static SessionId Live(SessionStatus session, bool watch)
    {
        if (!session.State.IsLive())
        {
            throw new SupException(
                ErrorCode.SessionEnded, ExitCode.Failure, $"session {session.Id} is {session.State.Word()}: it has no processes to measure", $"sup show {session.Id}");
        }

        if (watch)
        {
            // It would wait for its own end.
            OwnSession.Current.Refuse(session.Id, session.Meta, "watch", "without --watch it is measured once");
        }

        return session.Id;
    }

    private static SessionStatus? Look(StateRoot root, SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        return files is null ? null : SessionStatus.Of(files, TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    private static OneStats Answer(SessionStats stats) => new(
        stats.Session.Id.Value,
        stats.Session.Meta?.Name,
        stats.Session.State.Word(),
        Math.Round(stats.Usage.CpuPercent, 1),
        stats.Usage.PrivateBytes,
        stats.Usage.ResidentBytes,
        stats.Usage.Pids,
        stats.Output.Bytes,
        Math.Round(stats.Output.BytesPerSecond, 1),
        Math.Round(stats.Output.LinesPerSecond, 1));

    private static string[] Lines(IReadOnlyList<SessionStats> all)
    {
        if (all.Count == 0)
        {
            return ["no live sessions"];
        }

        CultureInfo invariant = CultureInfo.InvariantCulture;
        Table table = new(
            new Column("ID"),
            new Column("NAME") { Minimum = 6 },
            new Column("STATE"),
            new Column("CPU") { Right = true },
            new Column("PRIVATE") { Right = true },
            new Column("RESIDENT") { Right = true },
            new Column("PIDS") { Right = true },
            new Column("OUTPUT") { Right = true },
            new Column("OUT/S") { Right = true },
            new Column("LINES/S") { Right = true });
        foreach (SessionStats s in all)
        {
            table.Add(
                s.Session.Id.Value,
                s.Session.Meta?.Name,
                s.Session.State.Word(),
                string.Create(invariant, $"{s.Usage.CpuPercent:0.0}%"),
                ByteSize.ForPeople(s.Usage.PrivateBytes),
                ByteSize.ForPeople(s.Usage.ResidentBytes),
                s.Usage.Pids.Count.ToString(invariant),
                ByteSize.ForPeople(s.Output.Bytes),
                ByteSize.ForPeople((long)s.Output.BytesPerSecond),
                s.Output.LinesPerSecond.ToString("0", invariant));
        }

        return table.Render(Screen.OfStdout()).Split('\n');
    }
}

/// <summary>A table that is drawn over itself. The cursor stays visible, below it, so that no way to end needs a repair.</summary>
internal sealed class StatsScreen
{
    private TerminalSize? _size;
    private int _lines;

    /// <param name="table">Lines.</param>
    /// <param name="wasStopped">The shell has written since: what was drawn is no longer just above.</param>
    public void Show(string[] table, bool wasStopped)
    {
        TerminalSize? size = Tty.GetSize(1);
        int most = Math.Max(2, (size?.Rows ?? TerminalSize.Default.Rows) - 1);
        if (table.Length > most)
        {
            table = [.. table[..(most - 1)], string.Create(CultureInfo.InvariantCulture, $"… and {table.Length - most + 1} more")];
        }

        StringBuilder frame = new();
        if (_lines > 0 && size == _size && !wasStopped)
        {
            frame.Append(CultureInfo.InvariantCulture, $"\u001b[{_lines}A");
        }

        frame.Append('\r').AppendJoin("\u001b[K\n", table).Append("\u001b[K\n\u001b[J");
        Data.WriteRaw(Encoding.UTF8.GetBytes(frame.ToString()));
        (_size, _lines) = (size, table.Length);
    }
}

/// <summary>The live sessions at one moment.</summary>
/// <param name="Timestamp">When they were looked at.</param>
/// <param name="IntervalSeconds">What the rates are taken over.</param>
/// <param name="Sessions">Oldest first.</param>
internal sealed record StatsAnswer(DateTime Timestamp, double IntervalSeconds, IReadOnlyList<OneStats> Sessions)
{
    public string SchemaVersion { get; } = Schema.Version;
}

internal sealed record OneStats(
    string Id,
    string? Name,
    string State,
    double CpuPercent,
    long PrivateBytes,
    long ResidentBytes,
    IReadOnlyList<int> Pids,
    long OutputBytes,
    double BytesPerSecond,
    double LinesPerSecond);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatsAnswer))]
internal sealed partial class StatsJson : JsonSerializerContext;
