using System.CommandLine;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon …</c></summary>
internal sealed class DaemonCommand : Command
{
    /// <summary>For it to get ready. Long: on a machine that is busy a start is slow, and one that has failed is known at once.</summary>
    public static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    /// <summary>For it to be gone.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    /// <summary>For an answer.</summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    public DaemonCommand()
        : base("daemon", "The process in the background that looks after what runs there; it is started when it is needed")
    {
        Subcommands.Add(new DaemonStartCommand());
        Subcommands.Add(new DaemonStopCommand());
        Subcommands.Add(new DaemonStatusCommand());
        Subcommands.Add(new DaemonRunCommand());
        Subcommands.Add(new DaemonInstallCommand());
    }
}
