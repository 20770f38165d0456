using System.CommandLine;
using System.CommandLine.Parsing;
using Supervisor.Cli.Commands;
using Supervisor.Cli.Commands.Daemon;
using Supervisor.Cli.Commands.Generate;
using Supervisor.Cli.Commands.Logs;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli;

/// <summary>The whole command line: which commands there are, and how a failure is told.</summary>
internal static class CommandLine
{
    private const int MaxError = 200;

    /// <param name="args">All words.</param>
    /// <param name="caller">Given when the first word is <c>run</c> or <c>start</c>.</param>
    public static int Run(string[] args, Caller? caller)
    {
        try
        {
            return caller is null ? Parse(args) : args[0] is "start" ? StartCommand.Execute(args[1..], caller) : RunCommand.Execute(args[1..], caller);
        }
        catch (SupException e)
        {
            Talk.Error(e, IsJson(args, caller));
            return e.ExitCode;
        }
        catch (Exception e)
        {
            // Whatever it is, it is sup's failure and not the command's: one line, and the code for that.
            Talk.Error(new SupException(ErrorCode.Internal, ExitCode.Failure, e.Message, inner: e), IsJson(args, caller));
            return ExitCode.Failure;
        }
    }

    public static int Help(string command) => Parse([command, "--help"]);

    private static bool IsJson(string[] args, Caller? caller) => (caller is null || args[0] is "start") && Array.IndexOf(args, "--json") >= 0;

    private static int Parse(string[] args)
    {
        RootCommand root = new("Runs commands exactly as the terminal would, and keeps a byte-exact transcript of each.")
        {
            RunHelp.Run(),
            RunHelp.Start(),
            new StopCommand(),
            new KillCommand(),
            new RestartCommand(),
            new SignalCommand(),
            new ListCommand(),
            new ShowCommand(),
            new LogsCommand(),
            new WaitCommand(),
            new StatusCommand(),
            new StatsCommand(),
            new EventsCommand(),
            new HistoryCommand(),
            new CleanCommand(),
            new RemoveCommand(),
            new RenameCommand(),
            new DoctorCommand(),
            new CompletionCommand(),
            new DaemonCommand(),
            new McpCommand(),
            new GenerateCommand(),
        };

        if (CompletionCommand.IsQuestion(args))
        {
            return CompletionCommand.Answer(root, args);
        }

        // No response files: an argument that begins with @ is an argument like any other.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors is [var first, ..] && !IsHelp(parsed))
        {
            if (parsed.CommandResult.Command is RootCommand && args is [[not '-', ..], ..])
            {
                throw SupException.Usage($"there is no command {Printable.Word(args[0])}", "sup --help lists them");
            }

            throw SupException.Usage(Describe(first), $"sup {CommandName(parsed)}--help shows how it is used");
        }

        // Where any number of words may stand, the parser takes an unknown option for one of them.
        if (UnknownOption(parsed, args) is { } unknown && !IsHelp(parsed))
        {
            throw SupException.Usage($"unknown option {Printable.Word(unknown)}", $"sup {CommandName(parsed)}--help shows how it is used");
        }

        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static string? UnknownOption(ParseResult parsed, string[] args)
    {
        int end = Array.IndexOf(args, "--");
        string[] words = end < 0 ? args : args[..end];
        return parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .FirstOrDefault(word => word.Length > 1 && word[0] == '-' && words.Contains(word, StringComparer.Ordinal));
    }

    private static bool IsHelp(ParseResult parsed) => parsed.Action is System.CommandLine.Help.HelpAction;

    /// <summary>As one types it, with a space behind: <c>daemon start </c>.</summary>
    private static string CommandName(ParseResult parsed)
    {
        string name = "";
        for (CommandResult? command = parsed.CommandResult; command is { Command: not RootCommand }; command = command.Parent as CommandResult)
        {
            name = command.Command.Name + " " + name;
        }

        return name;
    }

    private static string Describe(ParseError error)
    {
        // It repeats the words it is about.
        string text = error.Message.Length > MaxError ? error.Message[..MaxError] + "…" : error.Message.TrimEnd('.');
        return text.Length > 0 ? char.ToLowerInvariant(text[0]) + text[1..] : "the command line is not understood";
    }
}
