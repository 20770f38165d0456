using System.CommandLine;
using System.Text.Json;
using Supervisor.Cli.Output;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup show ID</c></summary>
internal sealed class ShowCommand : Command
{
    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public ShowCommand()
        : base("show", "Show everything known of a session")
    {
        Arguments.Add(_id);
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_id), parsed.GetValue(_json)));
    }

    private static int Execute(string id, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionAnswer session = SessionText.Answer(new SessionCatalog(root, TimeProvider.System).Find(id), root, whole: true);
        if (json)
        {
            Data.Write(JsonSerializer.SerializeToUtf8Bytes(new OneSessionAnswer(session), AnswerJson.Default.OneSessionAnswer));
        }
        else
        {
            Data.Write(SessionText.Show(session).TrimEnd('\n'));
        }

        return 0;
    }
}
