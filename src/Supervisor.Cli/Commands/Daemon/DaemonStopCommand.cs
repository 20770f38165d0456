using System.CommandLine;
using System.Globalization;
using Supervisor.Cli.Output;
using Supervisor.Client;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon stop</c></summary>
internal sealed class DaemonStopCommand : Command
{
    public DaemonStopCommand()
        : base("stop", "Stop the daemon; what it looks after runs on") =>
        SetAction(_ => Execute());

    private static int Execute()
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        int? pid = DaemonStop.Run(root, DaemonCommand.StopTime);
        Data.Write(pid is null ? "not running" : string.Create(CultureInfo.InvariantCulture, $"stopped (pid {pid})"));
        return ExitCode.Success;
    }
}
