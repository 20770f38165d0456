using System.CommandLine;
using Supervisor.Cli.Output;
using Supervisor.Client;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon start</c></summary>
internal sealed class DaemonStartCommand : Command
{
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object, as of sup daemon status" };

    public DaemonStartCommand()
        : base("start", "Start the daemon, unless it runs; return when it is ready")
    {
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetValue(_json)));
    }

    private static int Execute(bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        using DaemonConnection connection = DaemonConnection.Ensure(root, DaemonCommand.StartTime);
        DaemonStatus status = DaemonReport.Ask(connection, DaemonCommand.AnswerTime);
        if (json)
        {
            Data.Write(DaemonReport.Json(status));
        }
        else
        {
            Data.Write(DaemonReport.Line(status));
        }

        return ExitCode.Success;
    }
}
