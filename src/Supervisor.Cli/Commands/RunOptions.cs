using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary>One option of <c>sup run</c>.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Value">What its value is called in the help; null when it takes none.</param>
/// <param name="Description">One line for the help.</param>
/// <param name="Alias">A short form.</param>
internal sealed record RunOption(string Name, string? Value, string Description, string? Alias = null);

/// <summary>
/// The options of <c>sup run</c>, taken off the front of the command line. They end at <c>--</c> or at the first word
/// that is no option; all that follows is the command, verbatim. A general parser would have to be kept from reading that
/// command in four ways, and takes longer to start than most commands run; it is left to print the help from the same table.
/// </summary>
internal sealed class RunOptions
{
    public static readonly RunOption Name = new("--name", "NAME", "A name, unique among live sessions");
    public static readonly RunOption Id = new("--session-id", "ID", "The session's id instead of a made-up one");
    public static readonly RunOption WorkingDirectory = new("--cwd", "DIR", "Run in this folder");
    public static readonly RunOption Env = new("--env", "K=V", "Set a variable for the command", "-e");
    public static readonly RunOption EnvFile = new("--env-file", "PATH", "Set the variables of a file, one K=V a line");
    public static readonly RunOption Retention = new("--retention", "24h", "How long to keep the session after its end");
    public static readonly RunOption Pty = new("--pty", "auto|always|never", "Whether the command gets a terminal of its own");
    public static readonly RunOption Size = new("--size", "CxR", "A fixed terminal size, columns x rows");
    public static readonly RunOption MaxOutput = new("--max-output", "256M", "Keep this much of the newest output");
    public static readonly RunOption SilenceAfter = new("--silence-after", "30s", "Idle after so long without output; 0: never");
    public static readonly RunOption Quiet = new("--quiet", null, "No lines before and after the command");
    public static readonly RunOption Label = new("--label", "K=V", "A label to find the session by");
    public static readonly RunOption IdFile = new("--id-file", "PATH", "Write the session's id to this file");
    public static readonly RunOption Help = new("--help", null, "Show this help", "-h");

    public static readonly RunOption Detach = new("--detach", null, "In the background, as sup start does", "-d");
    public static readonly RunOption StopSignal = new("--stop-signal", "TERM", "The signal that asks the command to end");
    public static readonly RunOption StopTimeout = new("--stop-timeout", "10s", "How long it may take to end before it is killed");
    public static readonly RunOption Restart = new("--restart", "POLICY", "no, on-failure[:N], always or unless-stopped");
    public static readonly RunOption RestartDelay = new("--restart-delay", "1s", "Before the first restart in a row; doubled for each that follows");
    public static readonly RunOption RestartMaxDelay = new("--restart-max-delay", "30s", "The longest delay before a restart");
    public static readonly RunOption RestartReset = new("--restart-reset", "60s", "After running for this long the delays begin anew");
    public static readonly RunOption SuccessCodes = new("--success-codes", "0,130", "Exit codes that are no failure; 128+n for signal n");
    public static readonly RunOption Replace = new("--replace", null, "Stop the live session of that name first");
    public static readonly RunOption Json = new("--json", null, "One JSON object");

    /// <summary>Of <c>sup run</c>.</summary>
    public static readonly RunOption[] All =
    [
        Name, Id, WorkingDirectory, Env, EnvFile, Retention, Pty, Size, MaxOutput, SilenceAfter, Quiet, Label, IdFile, Detach, Help,
    ];

    /// <summary>Of <c>sup start</c>, and so of <c>sup run -d</c>.</summary>
    public static readonly RunOption[] Start =
    [
        Name, Id, WorkingDirectory, Env, EnvFile, Retention, Pty, Size, MaxOutput, SilenceAfter, Quiet, Label, IdFile, StopSignal, StopTimeout, Restart, RestartDelay,
        RestartMaxDelay, RestartReset, SuccessCodes, Replace, Json, Detach, Help,
    ];

    private readonly Dictionary<RunOption, List<string>> _values = [];

    private RunOptions(string[] command) => Command = command;

    /// <summary>The program and its arguments, as given.</summary>
    public string[] Command { get; }

    /// <param name="args">The words behind <c>run</c> or <c>start</c>.</param>
    /// <param name="known">The options there are.</param>
    /// <exception cref="SupException">An unknown option, a missing value, or one too many.</exception>
    public static RunOptions Parse(string[] args, RunOption[] known)
    {
        Dictionary<RunOption, List<string>> values = [];
        int at = 0;
        while (at < args.Length && args[at].Length > 1 && args[at][0] == '-')
        {
            string word = args[at++];
            if (string.Equals(word, "--", StringComparison.Ordinal))
            {
                break;
            }

            (RunOption option, string? value) = Read(word, known);
            if (option.Value is not null && value is null)
            {
                value = at < args.Length
                    ? args[at++]
                    : throw Usage($"{option.Name} needs a value", $"{option.Name} {option.Value}");
            }

            if (!values.TryGetValue(option, out List<string>? given))
            {
                values[option] = given = [];
            }

            given.Add(value ?? "");
        }

        RunOptions options = new(args[at..]);
        foreach ((RunOption option, List<string> given) in values)
        {
            options._values.Add(option, given);
        }

        return options;
    }

    public bool Has(RunOption option) => _values.ContainsKey(option);

    /// <summary>The value; the last one when it was given several times, as everywhere.</summary>
    public string? Value(RunOption option) => _values.TryGetValue(option, out List<string>? given) ? given[^1] : null;

    public IReadOnlyList<string> Values(RunOption option) => _values.TryGetValue(option, out List<string>? given) ? given : [];

    /// <summary><c>--name</c>, <c>--name=value</c>, <c>-e</c>, <c>-e=K=V</c>, <c>-eK=V</c>.</summary>
    private static (RunOption Option, string? Value) Read(string word, RunOption[] known)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        bool isLong = word.StartsWith("--", StringComparison.Ordinal);
        string name = isLong ? (equals < 0 ? word : word[..equals]) : word[..2];
        foreach (RunOption option in known)
        {
            if (!string.Equals(option.Name, name, StringComparison.Ordinal) && !string.Equals(option.Alias, name, StringComparison.Ordinal))
            {
                continue;
            }

            string? value = isLong ? (equals < 0 ? null : word[(equals + 1)..])
                : equals == 2 ? word[3..]
                : word.Length > 2 ? word[2..]
                : null;
            return option.Value is null && value is not null
                ? throw Usage($"{option.Name} takes no value", $"leave out ={Printable.Word(value)}")
                : (option, value);
        }

        throw Usage(
            $"unknown option {Printable.Word(name)}",
            known == Start ? "sup start --help lists them; put -- before a command that begins with a dash" : "sup run --help lists them; put -- before a command that begins with a dash");
    }

    private static SupException Usage(string message, string hint) => SupException.Usage(message, hint);
}
