using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup ls [--all] [--here] [--state S] [--name GLOB] [--label k=v] [--limit N] [--json]</c></summary>
internal sealed class ListCommand : Command
{
    private readonly Option<bool> _all = new("--all", "-a") { Description = "The ended sessions too" };
    private readonly Option<bool> _here = new("--here") { Description = "Only those whose folder is this one or below it" };
    private readonly Option<string[]> _states = new("--state") { Description = $"Only those in this state: {StateFilter.Words}", HelpName = "STATE" };
    private readonly Option<string?> _name = new("--name") { Description = "Only those whose name matches this pattern: * ? [a-z]", HelpName = "GLOB" };
    private readonly Option<string[]> _labels = new("--label") { Description = "Only those with this label", HelpName = "KEY=VALUE" };
    private readonly Option<string?> _limit = new("--limit") { Description = "At most so many, the newest", HelpName = "N" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public ListCommand()
        : base("ls", "List the live sessions, or with --all every one")
    {
        Options.Add(_all);
        Options.Add(_here);
        Options.Add(_states);
        Options.Add(_name);
        Options.Add(_labels);
        Options.Add(_limit);
        Options.Add(_json);
        SetAction(parsed =>
        {
            SessionFilter filter = SessionFilter.Of(
                parsed.GetValue(_here), parsed.GetValue(_states) ?? [], parsed.GetValue(_name), parsed.GetValue(_labels) ?? []);
            return Execute(parsed.GetValue(_all) || filter.CoversEnded, filter, Limit(parsed.GetValue(_limit)), parsed.GetValue(_json));
        });
    }

    private static int Limit(string? text) =>
        text is null ? int.MaxValue
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit > 0 ? limit
        : throw SupException.Usage($"--limit {Printable.Word(text)} is not valid", "give a number from 1 on");

    private static int Execute(bool withEnded, SessionFilter filter, int limit, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionCatalog catalog = new(root, TimeProvider.System);
        LiveSessions? live = withEnded ? null : catalog.Live(withGaps: true);
        List<KnownSession> all = [.. (live?.Sessions ?? catalog.All(withGaps: true)).Select(KnownSession.Of)];
        if (filter.AsksForExpired)
        {
            all.AddRange(new SessionHistory(root, TimeProvider.System).Read().Select(KnownSession.Of));
            all = [.. all.OrderByDescending(s => s.Status.StartedAt)];
        }

        List<KnownSession> matching = all.FindAll(s => filter.Matches(s.Status));

        int more = Math.Max(0, matching.Count - limit);
        matching.RemoveRange(matching.Count - more, more);
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        if (json)
        {
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(new SessionsAnswer([.. matching.Select(s => s.Answer(root, now))]), SessionJson.Default.SessionsAnswer));
        }
        else if (matching.Count == 0)
        {
            Data.Write(Nothing(filter, live, all.Count));
        }
        else
        {
            SessionTable.Of(matching.Select(s => s.Status), now).Print();
        }

        if (more > 0 && !json)
        {
            Talk.Write(string.Create(CultureInfo.InvariantCulture, $"sup: {more} more; --limit leaves them out"));
        }

        return 0;
    }

    private static string Nothing(SessionFilter filter, LiveSessions? live, int count)
    {
        int ended = live?.EndedCount ?? count;
        return (filter.IsAny, live) switch
        {
            (_, null) when count > 0 => string.Create(CultureInfo.InvariantCulture, $"none of {count} sessions matches"),
            (false, { Sessions.Count: > 0 }) => string.Create(CultureInfo.InvariantCulture, $"none of {count} live sessions matches"),
            (_, { EndedCount: > 0 }) => string.Create(CultureInfo.InvariantCulture, $"no live sessions; {ended} ended (sup ls --all)"),
            _ => "no sessions",
        };
    }
}
