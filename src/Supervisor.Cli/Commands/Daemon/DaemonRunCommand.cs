using System.CommandLine;
using Supervisor.Client;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon run</c></summary>
internal sealed class DaemonRunCommand : Command
{
    public DaemonRunCommand()
        : base("run", "Be the daemon here, in the foreground, with its log on stderr: for systemd, and to see what is wrong") =>
        SetAction(_ => Execute());

    private static int Execute() => throw DaemonSpawn.Become(StateRoot.Locate(Environment.GetEnvironmentVariable).Path);
}
