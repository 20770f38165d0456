using System.CommandLine;
using Supervisor.Cli.Output;
using Supervisor.Client;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon status</c></summary>
internal sealed class DaemonStatusCommand : Command
{
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public DaemonStatusCommand()
        : base("status", "Show whether the daemon runs, and how it does")
    {
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetValue(_json)));
    }

    private static int Execute(bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        using DaemonConnection? connection = DaemonConnection.Open(root);
        DaemonStatus? status = connection is null ? null : DaemonReport.Ask(connection, DaemonCommand.AnswerTime);
        if (json)
        {
            Data.Write(DaemonReport.Json(status));
        }
        else
        {
            Data.Write(status is null ? "not running; it is started when it is needed" : DaemonReport.Text(status));
        }

        return ExitCode.Success;
    }
}
