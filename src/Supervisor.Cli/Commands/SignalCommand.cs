using System.CommandLine;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup signal ID SIG</c></summary>
internal sealed class SignalCommand : Command
{
    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Argument<string> _signal = new("SIG") { Description = "A signal, such as USR1, SIGINT or 15" };

    public SignalCommand()
        : base("signal", "Send one signal to a session's command: to the foreground group of its terminal, where it has one")
    {
        Arguments.Add(_id);
        Arguments.Add(_signal);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_id), StartCommand.StopSignal(parsed.GetRequiredValue(_signal))));
    }

    private static int Execute(string id, string signal)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        OwnerSignal.Send(root, new SessionCatalog(root, TimeProvider.System).Find(id).Id, signal);
        return ExitCode.Success;
    }
}
