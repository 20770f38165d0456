using System.CommandLine;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup show ID</c></summary>
internal sealed class ShowCommand : Command
{
    private const int ShownLines = 10;

    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public ShowCommand()
        : base("show", "Show everything known of a session")
    {
        Arguments.Add(_id);
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_id), parsed.GetValue(_json), ShownLines, SessionPage.Whole));
    }

    /// <summary>How a session is laid out for people.</summary>
    public delegate string Layout(SessionStatus status, SessionAnswer answer, IReadOnlyList<string> lastLines, DateTime now, Screen screen);

    public static int Execute(string id, bool json, int lastLines, Layout layout)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionStatus? stored = Stored(root, id, out HistoryEntry? expired);
        SessionStatus status = stored ?? ExpiredSession.Status(expired!);
        using SessionFiles? files = stored is null ? null : SessionFiles.Open(root, status.Id);
        status = files is null ? status : LiveDetails.AddTo(files, status);
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        SessionAnswer answer = expired is null ? SessionAnswer.Of(status, files, now) : ExpiredSession.Answer(expired);
        if (json)
        {
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(new OneSessionAnswer(answer), SessionJson.Default.OneSessionAnswer));
        }
        else
        {
            Data.Write(layout(status, answer, files is null ? [] : LastLines.Of(files, lastLines), now, Screen.OfStdout()));
        }

        return 0;
    }

    /// <summary>One object on stdout.</summary>
    public static void WriteJson(StateRoot root, SessionStatus status)
    {
        using SessionFiles? files = SessionFiles.Open(root, status.Id);
        SessionAnswer answer = SessionAnswer.Of(status, files, TimeProvider.System.GetUtcNow().UtcDateTime);
        Data.Write(JsonSerializer.SerializeToUtf8Bytes(new OneSessionAnswer(answer), SessionJson.Default.OneSessionAnswer));
    }

    /// <summary>The session, or if only its line in the history is left, that.</summary>
    private static SessionStatus? Stored(StateRoot root, string id, out HistoryEntry? expired)
    {
        expired = null;
        try
        {
            return new SessionCatalog(root, TimeProvider.System).Find(id);
        }
        catch (SupException e) when (string.Equals(e.Code, ErrorCode.SessionExpired, StringComparison.Ordinal))
        {
            expired = new SessionHistory(root, TimeProvider.System).Find(id);
            if (expired is null)
            {
                throw;
            }

            return null;
        }
    }
}
