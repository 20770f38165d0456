using System.CommandLine;
using System.Text;
using Supervisor.Cli.Completion;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary>
/// <c>sup completion SHELL</c>, and what its scripts ask: <c>sup completion --words -- WORD…</c>, the words behind <c>sup</c> up to
/// the cursor. The answer is a line with the kind, then a line for each word: it, a tab, its description.
/// </summary>
internal sealed class CompletionCommand : Command
{
    private readonly Argument<string> _shell = new("SHELL") { Description = "bash, zsh or fish" };

    public CompletionCommand()
        : base("completion", "Print a script that lets a shell complete sup's commands, options and sessions")
    {
        Arguments.Add(_shell);
        SetAction(parsed => Print(parsed.GetRequiredValue(_shell)));
    }

    public static bool IsQuestion(string[] args) => args is ["completion", "--words", "--", ..];

    public static int Answer(Command root, string[] args)
    {
        Suggestions found = new Completer(root, new SessionWords(Environment.GetEnvironmentVariable)).Complete(args[3..]);
        StringBuilder text = new(found.Kind);
        foreach ((string word, string description) in found.Words)
        {
            text.Append('\n').Append(word).Append('\t').Append(description);
        }

        Data.Write(text.ToString());
        return 0;
    }

    private static int Print(string shell)
    {
        if (!FixedWords.Shells.Contains(shell, StringComparer.Ordinal))
        {
            throw SupException.Usage($"no completion for {Printable.Word(shell)}", $"give one of {string.Join(", ", FixedWords.Shells)}");
        }

        using Stream script = typeof(CompletionCommand).Assembly.GetManifestResourceStream(shell)!;
        using MemoryStream all = new();
        script.CopyTo(all);
        Data.WriteRaw(all.ToArray());
        return 0;
    }
}
