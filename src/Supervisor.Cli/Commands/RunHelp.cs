using System.CommandLine;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup run</c> as the help shows it; it is run by <see cref="RunCommand"/>.</summary>
internal sealed class RunHelp : Command
{
    public RunHelp()
        : base("run", "Run a command here, exactly as the terminal would, and keep its output")
    {
        foreach (RunOption option in RunOptions.All)
        {
            if (option != RunOptions.Help)
            {
                string[] aliases = option.Alias is null ? [] : [option.Alias];
                Options.Add(new Option<string?>(option.Name, aliases)
                {
                    Description = option.Description,
                    HelpName = option.Value,
                    Arity = option.Value is null ? ArgumentArity.Zero : ArgumentArity.ExactlyOne,
                });
            }
        }

        Arguments.Add(new Argument<string[]>("CMD")
        {
            Description = "The program and its arguments; -- before it when it begins with a dash",
            Arity = ArgumentArity.ZeroOrMore,
        });
    }
}
