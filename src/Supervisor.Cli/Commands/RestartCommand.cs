using System.CommandLine;
using Supervisor.Cli.Output;
using Supervisor.Client;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup restart ID…</c></summary>
internal sealed class RestartCommand : Command
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    private readonly Argument<string[]> _ids = new("ID")
    {
        Description = "A session's id, its name, or the start of its id",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _force = new("--force") { Description = "Also the session that this command runs in" };

    public RestartCommand()
        : base("restart", "End supervised commands and start them again, ended ones too; return when they have started")
    {
        Arguments.Add(_ids);
        Options.Add(_force);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_ids), parsed.GetValue(_force)));
    }

    private static int Execute(string[] ids, bool force)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionCatalog catalog = new(root, TimeProvider.System);
        List<SessionStatus> sessions = [.. ids.Select(catalog.Find).DistinctBy(s => s.Id)];
        foreach (SessionStatus session in sessions)
        {
            if (!force)
            {
                OwnSession.Current.Refuse(session.Id, session.Meta, "restart", "sup restart --force does it");
            }
        }

        foreach (SessionStatus session in sessions)
        {
            DaemonRequest.Post(root, $"/sessions/{session.Id}/restart", [], Longest);
            Data.Write(session.Id.Value);
        }

        return ExitCode.Success;
    }
}
