using System.CommandLine;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup rename ID NAME</c></summary>
internal sealed class RenameCommand : Command
{
    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Argument<string> _name = new("NAME") { Description = "Its new name" };

    public RenameCommand()
        : base("rename", "Give a session another name")
    {
        Arguments.Add(_id);
        Arguments.Add(_name);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_id), parsed.GetRequiredValue(_name)));
    }

    private static int Execute(string id, string text)
    {
        if (!SessionName.TryParse(text, out SessionName name))
        {
            throw SupException.Usage(
                $"NAME {Printable.Word(text)} is not valid", "give letters, digits, . _ -, at most 64, beginning with a letter or digit, no ..");
        }

        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionRename.Run(root, new SessionCatalog(root, TimeProvider.System).Find(id).Id, name);
        return ExitCode.Success;
    }
}
