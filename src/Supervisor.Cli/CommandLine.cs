using System.CommandLine;
using System.CommandLine.Parsing;
using Supervisor.Cli.Commands;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;

namespace Supervisor.Cli;

/// <summary>The whole command line: which commands there are, and how a failure is told.</summary>
internal static class CommandLine
{
    public static int Run(string[] args, Caller? caller)
    {
        bool json = false;
        try
        {
            string[] words = args;
            RootCommand root = new("Runs commands exactly as the terminal would, and keeps a byte-exact transcript of each.");
            RunCommand run = new(caller);
            root.Subcommands.Add(run);
            if (args is ["run", ..])
            {
                // The other commands are left out: making them would only make this one start later.
                words = run.TakeCommand(args);
            }
            else
            {
                root.Subcommands.Add(new ListCommand());
                root.Subcommands.Add(new ShowCommand());
                root.Subcommands.Add(new LogsCommand());
            }

            // No response files: @types/node is an argument like any other.
            ParseResult parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
            json = words.Contains("--json", StringComparer.Ordinal);
            if (parsed.Errors is [var first, ..] && !IsHelp(parsed))
            {
                throw SupException.Usage(Describe(first), $"sup {CommandName(parsed)}--help shows how it is used");
            }

            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (SupException e)
        {
            Talk.Error(e, json);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Talk.Error(new SupException(ErrorCode.Internal, ExitCode.Failure, e.Message, inner: e), json);
            return ExitCode.Failure;
        }
    }

    private static bool IsHelp(ParseResult parsed) => parsed.Action is System.CommandLine.Help.HelpAction;

    private static string CommandName(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";

    private static string Describe(ParseError error)
    {
        string text = error.Message.TrimEnd('.');
        return text.Length > 0 ? char.ToLowerInvariant(text[0]) + text[1..] : "the command line is not understood";
    }
}
