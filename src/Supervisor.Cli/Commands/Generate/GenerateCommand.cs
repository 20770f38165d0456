using System.CommandLine;

namespace Supervisor.Cli.Commands.Generate;

/// <summary><c>sup generate …</c>: files for other programs.</summary>
internal sealed class GenerateCommand : Command
{
    public GenerateCommand()
        : base("generate", "Write what other programs need to know of sup")
    {
        Subcommands.Add(new McpConfigCommand());
        Subcommands.Add(new AgentsMdCommand());
    }
}
