using System.CommandLine;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup run</c> and <c>sup start</c> as the help shows them; they are run by <see cref="RunCommand"/> and <see cref="StartCommand"/>.</summary>
internal sealed class RunHelp : Command
{
    private RunHelp(string name, string description, RunOption[] options)
        : base(name, description)
    {
        foreach (RunOption option in options)
        {
            if (option != RunOptions.Help && !(option == RunOptions.Detach && options == RunOptions.Start))
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

    public static RunHelp Run() => new("run", "Run a command here, exactly as the terminal would, and keep its output", RunOptions.All);

    public static RunHelp Start() => new("start", "Run a command in the background, looked after by the daemon", RunOptions.Start);
}
