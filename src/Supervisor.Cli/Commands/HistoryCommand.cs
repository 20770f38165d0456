using System.CommandLine;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup history</c></summary>
internal sealed class HistoryCommand : Command
{
    private const int MinimumName = 6;
    private const int MinimumCommand = 12;

    private readonly Option<bool> _failed = new("--failed") { Description = "Only what failed: never started, lost, died of a signal, or a code that is no success" };
    private readonly Option<string?> _name = new("--name") { Description = "Only those of such a name: * ? [a-z]", HelpName = "GLOB" };
    private readonly Option<string?> _since = new("--since") { Description = "Only what ended at or after: 2h (ago), 2026-05-01, \"2026-05-01 09:30\", @EPOCH, RFC 3339", HelpName = "T" };
    private readonly Option<int?> _limit = new("--limit", "-n") { Description = "At most so many, the newest", HelpName = "N" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public HistoryCommand()
        : base("history", "List what has ended, the newest first, with its result; the expired too")
    {
        Options.Add(_failed);
        Options.Add(_name);
        Options.Add(_since);
        Options.Add(_limit);
        Options.Add(_json);
        SetAction(parsed => Execute(
            new Filter(parsed.GetValue(_failed), parsed.GetValue(_name), Since(parsed.GetValue(_since)), Limit(parsed.GetValue(_limit))),
            parsed.GetValue(_json)));
    }

    private sealed record Filter(bool Failed, string? Name, DateTime? Since, int? Limit);

    private static DateTime? Since(string? text) =>
        text is null ? null
        : Moment.TryParse(text, TimeProvider.System.GetUtcNow().UtcDateTime, TimeZoneInfo.Local, out DateTime time) ? time
        : throw SupException.Usage($"--since {Printable.Word(text)} is not valid", $"give {Moment.Forms}");

    private static int? Limit(int? limit) =>
        limit < 0 ? throw SupException.Usage($"--limit {limit} is not valid", "give 0 or more") : limit;

    private static int Execute(Filter filter, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        IEnumerable<KnownSession> all = new SessionCatalog(root, TimeProvider.System).All()
            .Where(s => !s.State.IsLive())
            .Select(KnownSession.Of)
            .Concat(new SessionHistory(root, TimeProvider.System).Read().Select(KnownSession.Of));
        List<KnownSession> shown =
        [
            .. all
                .Where(r => Matches(filter, r.Status))
                .OrderByDescending(r => r.Status.LastSign).ThenBy(r => r.Status.Id.Value, StringComparer.Ordinal)
                .Take(filter.Limit ?? int.MaxValue),
        ];
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        if (json)
        {
            SessionsAnswer answer = new([.. shown.Select(r => WithGaps(r, root).Answer(root, now))]);
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, SessionJson.Default.SessionsAnswer));
        }
        else if (shown.Count == 0)
        {
            Data.Write(filter.Failed ? "nothing failed" : filter is { Name: null, Since: null, Limit: null } ? "nothing has ended" : "nothing that ended matches");
        }
        else
        {
            Print(shown, now);
        }

        return ExitCode.Success;
    }

    /// <summary>What a person stopped has not failed.</summary>
    private static bool Matches(Filter filter, SessionStatus session) =>
        (!filter.Failed || (SessionText.IsFailure(session) && session.EndReason is not "user-stop"))
        && (filter.Name is null || (session.Meta?.Name is { } name && Glob.IsMatch(filter.Name, name)))
        && (filter.Since is null || session.LastSign >= filter.Since);

    private static KnownSession WithGaps(KnownSession run, StateRoot root)
    {
        using SessionFiles? files = run.Expired is null ? SessionFiles.Open(root, run.Status.Id) : null;
        return files is null ? run : run with { Status = run.Status with { Gaps = RecordingGaps.Of(files) } };
    }

    private static void Print(List<KnownSession> runs, DateTime now)
    {
        Table table = new(
            new Column("ID"),
            new Column("NAME") { Minimum = MinimumName },
            new Column("RESULT"),
            new Column("ENDED"),
            new Column("TOOK") { Right = true },
            new Column("HASH"),
            new Column("COMMAND") { Minimum = MinimumCommand });
        foreach (SessionStatus run in runs.Select(r => r.Status))
        {
            bool failed = SessionText.IsFailure(run) && run.EndReason is not "user-stop";
            table.Add(
                run.Id.Value,
                run.Meta?.Name,
                new Cell(SessionText.Result(run), failed ? Tone.Bad : Tone.Plain),
                RelativeTime.Ago(run.LastSign, now),
                run.Final is { } final ? DurationText.ForPeople(final.DurationSeconds) : null,
                run.Meta?.ScriptHash is { } hash ? ScriptIdentity.Short(hash) : null,
                new Cell(SessionText.Command(run), Tone.Faint));
        }

        table.Print();
    }
}
