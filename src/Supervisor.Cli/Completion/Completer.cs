using System.CommandLine;

namespace Supervisor.Cli.Completion;

/// <summary>What can stand where the cursor is.</summary>
/// <param name="Kind"><c>words</c> (these), <c>files</c>, <c>folders</c>, or <c>command N</c>: the shell's own completion from word N on.</param>
/// <param name="Words">Each with a description, or an empty one.</param>
internal sealed record Suggestions(string Kind, IReadOnlyList<(string Word, string Description)> Words)
{
    public static readonly Suggestions Files = new("files", []);
    public static readonly Suggestions Folders = new("folders", []);

    public static Suggestions Of(IEnumerable<(string Word, string Description)> words) => new("words", [.. words]);

    public static Suggestions CommandFrom(int word) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"command {word}"), []);
}

/// <summary>
/// Finds what can stand at the end of a command line: from the same description of the commands that parses it, so that a new
/// option is completed without a word here. What a value means is told by what the help calls it.
/// </summary>
internal sealed class Completer(Command root, SessionWords sessions)
{
    private const string RunName = "run";

    /// <param name="words">Behind <c>sup</c>, up to the cursor; the last is the one being typed, and may be empty.</param>
    public Suggestions Complete(IReadOnlyList<string> words)
    {
        Command command = root;
        List<string> given = [];
        Option? awaiting = null;
        bool onlyWords = false;
        for (int i = 0; i < words.Count - 1; i++)
        {
            string word = words[i];
            if (awaiting is not null)
            {
                awaiting = null;
            }
            else if (!onlyWords && word.Length > 1 && word[0] == '-')
            {
                onlyWords = string.Equals(word, "--", StringComparison.Ordinal);
                awaiting = onlyWords || word.Contains('=', StringComparison.Ordinal) ? null : Find(command, word);
                awaiting = awaiting is null || awaiting.Arity.MinimumNumberOfValues == 0 ? null : awaiting;
                if (onlyWords && IsRun(command))
                {
                    return Suggestions.CommandFrom(i + 1);
                }
            }
            else if (IsRun(command))
            {
                return Suggestions.CommandFrom(i);
            }
            else if (given.Count == 0 && command.Subcommands.FirstOrDefault(c => string.Equals(c.Name, word, StringComparison.Ordinal)) is { } inner)
            {
                command = inner;
            }
            else
            {
                given.Add(word);
            }
        }

        string current = words.Count == 0 ? "" : words[^1];
        if (awaiting is not null)
        {
            return Values(command, awaiting.HelpName ?? "", awaiting.Name, current, "", given);
        }

        if (!onlyWords && current.StartsWith('-'))
        {
            return InOption(command, current, given);
        }

        if (IsRun(command))
        {
            return Suggestions.CommandFrom(words.Count - 1);
        }

        if (command.Subcommands.Count > 0)
        {
            return Suggestions.Of(command.Subcommands.Where(_ => given.Count == 0)
                .Where(c => !c.Hidden && c.Name.StartsWith(current, StringComparison.Ordinal))
                .Select(c => (c.Name, c.Description ?? "")));
        }

        return Argument(command, given.Count) is { } argument
            ? Values(command, argument.HelpName ?? argument.Name, "", current, "", given)
            : Suggestions.Of([]);
    }

    private Suggestions InOption(Command command, string current, List<string> given)
    {
        int equals = current.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
        {
            return Find(command, current[..equals]) is { } option
                ? Values(command, option.HelpName ?? "", option.Name, current[(equals + 1)..], current[..(equals + 1)], given)
                : Suggestions.Of([]);
        }

        return Suggestions.Of(command.Options
            .Where(o => !o.Hidden)
            .SelectMany(o => new[] { o.Name }.Concat(o.Aliases).Distinct(StringComparer.Ordinal).Select(name => (Name: name, Description: o.Description ?? "")))
            .Where(o => o.Name.StartsWith(current, StringComparison.Ordinal) && o.Name[0] == '-')
            .OrderBy(o => o.Name, StringComparer.Ordinal));
    }

    private Suggestions Values(Command command, string kind, string option, string current, string prefix, List<string> given)
    {
        IEnumerable<(string Word, string Description)> words = kind switch
        {
            "DIR" => [],
            "PATH" or "FILE" => [],
            "ID" or "SESSION" => sessions.Matching(current, command.Name, given),
            _ when kind.Contains('|', StringComparison.Ordinal) => kind.Split('|').Select(word => (word, "")),
            _ => FixedWords.Of(kind, option),
        };
        return kind switch
        {
            "DIR" => Suggestions.Folders,
            "PATH" or "FILE" => Suggestions.Files,
            _ => Suggestions.Of(words.Where(w => w.Word.StartsWith(current, StringComparison.Ordinal)).Select(w => (prefix + w.Word, w.Description))),
        };
    }

    private static bool IsRun(Command command) => string.Equals(command.Name, RunName, StringComparison.Ordinal);

    private static Option? Find(Command command, string word) => command.Options.FirstOrDefault(
        o => string.Equals(o.Name, word, StringComparison.Ordinal) || o.Aliases.Contains(word));

    /// <summary>What the next word is; the last argument takes as many as it may.</summary>
    private static Argument? Argument(Command command, int given)
    {
        foreach (Argument argument in command.Arguments)
        {
            given -= argument.Arity.MaximumNumberOfValues;
            if (given < 0)
            {
                return argument;
            }
        }

        return null;
    }
}
