using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Events;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup events [-f] [-n N] [--filter GLOB] [--after ID]</c></summary>
internal sealed class EventsCommand : Command
{
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what happens from now on" };
    private readonly Option<int?> _last = new("--tail", "-n") { Description = "Only the last N of what has happened", HelpName = "N" };
    private readonly Option<string[]> _filter = new("--filter") { Description = "Only types that match, such as session.e*; may be given several times", HelpName = "GLOB" };
    private readonly Option<string?> _after = new("--after", "--since-id") { Description = "Only what came after the event with this id", HelpName = "ID" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object a line" };

    public EventsCommand()
        : base("events", "Show the state changes of all sessions: starts, ends, resizes, gaps")
    {
        Options.Add(_follow);
        Options.Add(_last);
        Options.Add(_filter);
        Options.Add(_after);
        Options.Add(_json);
        SetAction(parsed => Execute(
            parsed.GetValue(_follow), parsed.GetValue(_last), parsed.GetValue(_filter) ?? [], parsed.GetValue(_after), parsed.GetValue(_json)));
    }

    private static int Execute(bool follow, int? last, string[] filters, string? after, bool json)
    {
        if (last < 0)
        {
            throw SupException.Usage($"-n {last} is not valid", "give 0 or more");
        }

        if (Array.IndexOf(filters, "") >= 0)
        {
            throw SupException.Usage("--filter is empty", "give a pattern of types, such as session.e*");
        }

        using EventFeed feed = new(StateRoot.Locate(Environment.GetEnvironmentVariable), TimeProvider.System, after, follow);
        while (true)
        {
            IEnumerable<SessionEvent> events = feed.Read().Where(e => IsWanted(e, filters));
            Print(last is { } n ? events.TakeLast(n) : events, json);
            if (!follow)
            {
                return 0;
            }

            last = null;
            feed.Wait();
        }
    }

    private static bool IsWanted(SessionEvent happened, string[] filters) =>
        filters.Length == 0 || string.Equals(happened.Type, SessionEvent.Gap, StringComparison.Ordinal)
        || Array.Exists(filters, f => Glob.IsMatch(f, happened.Type));

    private static void Print(IEnumerable<SessionEvent> events, bool json)
    {
        StringBuilder lines = new();
        foreach (SessionEvent happened in events)
        {
            lines.Append(json ? JsonSerializer.Serialize(Answer(happened), EventJson.Default.EventAnswer) : Text(happened)).Append('\n');
        }

        if (lines.Length > 0)
        {
            Data.WriteRaw(Encoding.UTF8.GetBytes(lines.ToString()));
        }
    }

    private static string Text(SessionEvent e)
    {
        string time = e.Timestamp.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string session = e.SessionId is null ? "" : e.SessionName is null ? e.SessionId : $"{e.SessionId} ({e.SessionName})";
        return Printable.Line($"{time}  {e.Type,-15}  {session}  {What(e)}".TrimEnd());
    }

    private static string What(SessionEvent e)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        List<string> parts = [];
        if (e.Pid is { } pid)
        {
            parts.Add(string.Create(invariant, $"pid {pid}"));
        }

        if (e.Attempt is > 1)
        {
            parts.Add(string.Create(invariant, $"attempt {e.Attempt}"));
        }

        if (e.Columns is { } columns && e.Rows is { } rows)
        {
            parts.Add(string.Create(invariant, $"{columns}x{rows}"));
        }

        if (e.ExitCode is { } code)
        {
            parts.Add(string.Create(invariant, $"exit code {code}"));
        }
        else if (e.Signal is not null || e.State is not null)
        {
            parts.Add(e.Signal ?? e.State!);
        }

        if (e.DurationSeconds is { } seconds)
        {
            parts.Add("after " + DurationText.ForPeople(seconds));
        }

        if (e.Bytes is { } bytes)
        {
            parts.Add(ByteSize.ForPeople(bytes));
        }

        if (e.Reason is not null)
        {
            parts.Add(e.Reason);
        }

        return string.Join(", ", parts);
    }

    private static EventAnswer Answer(SessionEvent e) => new()
    {
        Id = e.Id,
        Type = e.Type,
        Timestamp = e.Timestamp,
        SessionId = e.SessionId,
        SessionName = e.SessionName,
        Attempt = e.Attempt,
        Pid = e.Pid,
        Cursor = e.Cursor?.ToString(CultureInfo.InvariantCulture),
        ExitCode = e.ExitCode,
        Signal = e.Signal,
        Columns = e.Columns,
        Rows = e.Rows,
        Bytes = e.Bytes,
        Reason = e.Reason,
        State = e.State,
        EndReason = e.EndReason,
        DurationSeconds = e.DurationSeconds,
    };
}

/// <summary>One line of <c>sup events --json</c>.</summary>
internal sealed record EventAnswer
{
    public string SchemaVersion { get; } = Schema.Version;

    public required string? Id { get; init; }

    public required string Type { get; init; }

    public required DateTime Timestamp { get; init; }

    public required string? SessionId { get; init; }

    public required string? SessionName { get; init; }

    public required int? Attempt { get; init; }

    public required int? Pid { get; init; }

    public required string? Cursor { get; init; }

    public required int? ExitCode { get; init; }

    public required string? Signal { get; init; }

    public required int? Columns { get; init; }

    public required int? Rows { get; init; }

    public required long? Bytes { get; init; }

    public required string? Reason { get; init; }

    public required string? State { get; init; }

    public required string? EndReason { get; init; }

    public required double? DurationSeconds { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EventAnswer))]
internal sealed partial class EventJson : JsonSerializerContext;
