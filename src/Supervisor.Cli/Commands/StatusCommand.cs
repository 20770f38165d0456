using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Cli.Commands.Daemon;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup status [ID]</c></summary>
internal sealed class StatusCommand : Command
{
    /// <summary>So that all of it fits one screen.</summary>
    private const int MaxLive = 12, MaxFailed = 5, ShownLines = 5;

    private readonly Argument<string?> _id = new("ID")
    {
        Description = "A session's id, its name, or the start of its id",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public StatusCommand()
        : base("status", "Sum up what runs and what failed, or one session")
    {
        Arguments.Add(_id);
        Options.Add(_json);
        SetAction(parsed => parsed.GetValue(_id) is { } id
            ? ShowCommand.Execute(id, parsed.GetValue(_json), ShownLines, SessionPage.Summary)
            : Execute(parsed.GetValue(_json)));
    }

    private static int Execute(bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        IReadOnlyList<SessionStatus> all = new SessionCatalog(root, TimeProvider.System).All(withGaps: true);
        List<SessionStatus> live = [];
        List<SessionStatus> failed = [];
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (SessionStatus session in all)
        {
            string word = session.State.Word();
            counts[word] = counts.GetValueOrDefault(word) + 1;
            if (session.State.IsLive())
            {
                live.Add(session);
            }
            else if (SessionText.IsFailure(session) && session.EndReason is not "user-stop")
            {
                failed.Add(session);
            }
        }

        DaemonStatus? daemon = DaemonReport.Look(root, out string daemonLine);
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        if (json)
        {
            StatusAnswer answer = new(root.Path, daemon, counts, [.. live.Select(s => Answer(s, root, now))], [.. failed.Take(MaxFailed).Select(s => Answer(s, root, now))]);
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(answer, StatusJson.Default.StatusAnswer));
            return 0;
        }

        Data.Write(Text(all.Count, live, failed, root, daemonLine, now));
        return 0;
    }

    private static string Text(int count, List<SessionStatus> live, List<SessionStatus> failed, StateRoot root, string daemon, DateTime now)
    {
        Screen screen = Screen.OfStdout();
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{live.Count} live, {count - live.Count} ended, {failed.Count} of them not well; kept in {Printable.Line(root.Path)}\ndaemon: {daemon}");
        Part(text, "live", live, MaxLive, "sup ls", screen, now);
        Part(text, "failed", failed, MaxFailed, "sup ls --all", screen, now);
        return text.ToString();
    }

    private static void Part(StringBuilder text, string title, List<SessionStatus> sessions, int most, string whole, Screen screen, DateTime now)
    {
        if (sessions.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n\n{title}\n{SessionTable.Of(sessions.Take(most), now).Render(screen)}");
            text.Append(sessions.Count > most ? string.Create(CultureInfo.InvariantCulture, $"\nand {sessions.Count - most} more ({whole})") : "");
        }
    }

    private static SessionAnswer Answer(SessionStatus session, StateRoot root, DateTime now)
    {
        using SessionFiles? files = SessionFiles.Open(root, session.Id);
        return SessionAnswer.Of(session, files, now);
    }
}

/// <summary>What runs and what failed.</summary>
/// <param name="StateDir">Where all of it is kept.</param>
/// <param name="Daemon">Null when none runs, or none that answers.</param>
/// <param name="Counts">How many sessions there are in each state that one is in.</param>
/// <param name="Sessions">The live ones, newest first.</param>
/// <param name="Failed">The newest of those that did not end well.</param>
internal sealed record StatusAnswer(
    string StateDir, DaemonStatus? Daemon, IReadOnlyDictionary<string, int> Counts, IReadOnlyList<SessionAnswer> Sessions, IReadOnlyList<SessionAnswer> Failed)
{
    public string SchemaVersion { get; } = Schema.Version;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusAnswer))]
internal sealed partial class StatusJson : JsonSerializerContext;
