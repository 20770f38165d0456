using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Foreground;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup run [opts] [--] CMD…</c></summary>
internal sealed class RunCommand : Command
{
    private const string Alphabet = "letters, digits, . _ -, at most 64, beginning with a letter or digit, no ..";

    private readonly Option<string?> _name = new("--name") { Description = "A name, unique among live sessions", HelpName = "NAME" };
    private readonly Option<string?> _id = new("--session-id") { Description = "The session's id instead of a made-up one", HelpName = "ID" };
    private readonly Option<string?> _cwd = new("--cwd") { Description = "Run in this folder", HelpName = "DIR" };
    private readonly Option<string[]> _env = new("--env", "-e") { Description = "Set a variable for the command", HelpName = "K=V", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _envFile = new("--env-file") { Description = "Set the variables of a file, one K=V a line", HelpName = "PATH", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _retention = new("--retention") { Description = "How long to keep the session after its end", HelpName = "24h", DefaultValueFactory = _ => "24h" };
    private readonly Option<string> _pty = new("--pty") { Description = "auto, always or never: give the command a terminal of its own", HelpName = "WHEN", DefaultValueFactory = _ => "auto" };
    private readonly Option<string?> _size = new("--size") { Description = "A fixed terminal size, columns x rows", HelpName = "CxR" };
    private readonly Option<string> _maxOutput = new("--max-output") { Description = "Keep this much of the newest output", HelpName = "256M", DefaultValueFactory = _ => "256M" };
    private readonly Option<string?> _quiet = new("--quiet") { Description = "No lines before and after the command", Arity = ArgumentArity.Zero };
    private readonly Option<string[]> _label = new("--label") { Description = "A label to find the session by", HelpName = "K=V", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _idFile = new("--id-file") { Description = "Write the session's id to this file", HelpName = "PATH" };

    private readonly Caller? _caller;
    private string[] _command = [];
    private bool _commandGiven;

    public RunCommand(Caller? caller)
        : base("run", "Run a command here, exactly as the terminal would, and keep its output")
    {
        _caller = caller;
        foreach (Option option in new Option[] { _name, _id, _cwd, _env, _envFile, _retention, _pty, _size, _maxOutput, _quiet, _label, _idFile })
        {
            option.AllowMultipleArgumentsPerToken = false;
            Options.Add(option);
        }

        // Only for the help: the command is split off before anything is parsed.
        Arguments.Add(new Argument<string[]>("CMD") { Description = "The program and its arguments; -- before it when it looks like an option", Arity = ArgumentArity.ZeroOrMore });
        SetAction(parsed => Execute(parsed));
    }

    /// <summary>
    /// Splits the command off: sup's options end at <c>--</c> or at the first word that is not one; all that follows is
    /// the command, verbatim.
    /// </summary>
    /// <returns>What is left to parse.</returns>
    public string[] TakeCommand(string[] args)
    {
        Dictionary<string, Option> options = new(StringComparer.Ordinal);
        foreach (Option option in Options)
        {
            options[option.Name] = option;
            foreach (string alias in option.Aliases)
            {
                options[alias] = option;
            }
        }

        int at = 1;
        while (at < args.Length && args[at].Length > 1 && args[at][0] == '-' && args[at] is not "--")
        {
            bool takesNext = options.TryGetValue(args[at], out Option? option) && option.Arity.MaximumNumberOfValues > 0;
            at += takesNext ? 2 : 1;
        }

        at = Math.Min(at, args.Length);
        bool separated = at < args.Length && args[at] is "--";
        _command = args[(separated ? at + 1 : at)..];
        _commandGiven = _command.Length > 0;
        return args[..at];
    }

    private int Execute(ParseResult parsed)
    {
        if (!_commandGiven)
        {
            throw SupException.Usage("no command to run", "sup run -- CMD");
        }

        RunRequest request = Request(parsed);
        bool quiet = parsed.GetResult(_quiet) is not null || Environment.GetEnvironmentVariable("SUP_QUIET") is { Length: > 0 };
        bool banner = !quiet && IsTerminal(0) && IsTerminal(1) && IsTerminal(2);
        bool IsTerminal(int fd) => !request.Caller.WasClosed(fd) && Io.IsTerminal(fd);
        string? idFile = parsed.GetValue(_idFile);
        using ForegroundRun run = new(request, TimeProvider.System);
        string path = "";
        string id = "";
        RunOutcome outcome = run.Execute(record =>
        {
            (path, id) = (record.Path ?? "", record.Meta.Id);
            if (idFile is not null)
            {
                File.WriteAllText(idFile, id + "\n");
            }

            if (banner)
            {
                Banner.Before(record.Meta);
            }
        });
        run.Dispose();
        Report(outcome, id, path, banner);
        if (outcome.Signal is Signals.SIGINT or Signals.SIGTERM or Signals.SIGQUIT or Signals.SIGHUP)
        {
            ForegroundRun.DieOf(outcome.Signal);
        }

        Libc._exit(outcome.ExitStatus);
        return outcome.ExitStatus;
    }

    private static void Report(RunOutcome outcome, string id, string path, bool banner)
    {
        if (outcome.Error is not null)
        {
            Talk.Write("sup: " + Printable.Line(outcome.Error));
        }

        if (outcome.StreamProblem is not null)
        {
            Talk.Write($"sup: cannot pass on all of the command's output: {outcome.StreamProblem}");
        }

        if (outcome.RecordingProblem is not null)
        {
            string lost = outcome.LostBytes is { } bytes ? $"{bytes} bytes of output were not stored" : "no output was stored";
            Talk.Write($"sup: the transcript of {id} is not complete: {outcome.RecordingProblem}; {lost}");
        }

        if (banner)
        {
            Banner.After(outcome, path);
        }
    }

    private RunRequest Request(ParseResult parsed)
    {
        Caller caller = _caller ?? throw new InvalidOperationException("run needs its caller");
        List<byte[]> environment = [.. caller.Environment];
        foreach (string file in parsed.GetValue(_envFile) ?? [])
        {
            EnvironmentOptions.AddFile(environment, file);
        }

        foreach (string entry in parsed.GetValue(_env) ?? [])
        {
            EnvironmentOptions.Add(environment, entry, "--env");
        }

        string? cwd = parsed.GetValue(_cwd);
        if (cwd is { Length: 0 })
        {
            throw SupException.Usage("--cwd is empty", "name a folder");
        }

        IReadOnlyList<byte[]> command = [.. caller.Arguments.Skip(caller.Arguments.Count - _command.Length)];
        byte[]? searchPath = environment.LastOrDefault(e => e.AsSpan().StartsWith("PATH="u8));
        return new RunRequest
        {
            Root = StateRoot.Locate(Environment.GetEnvironmentVariable),
            Id = IdOf(parsed.GetValue(_id)),
            Name = NameOf(parsed.GetValue(_name)),
            Command = command,
            CommandText = _command,
            Environment = environment,
            WorkingDirectory = cwd,
            Caller = caller.State,
            Retention = Retention(parsed.GetValue(_retention)!),
            MaxOutputBytes = MaxOutput(parsed.GetValue(_maxOutput)!),
            Pty = parsed.GetValue(_pty) switch
            {
                "auto" => PtyChoice.Auto,
                "always" => PtyChoice.Always,
                "never" => PtyChoice.Never,
                var other => throw Invalid("--pty", other, "auto, always or never"),
            },
            Size = Size(parsed.GetValue(_size)),
            Labels = Labels(parsed.GetValue(_label) ?? []),
            Script = () => ScriptIdentity.Of(
                command, cwd, searchPath is null ? null : Encoding.UTF8.GetString(searchPath.AsSpan("PATH=".Length))),
            Program = Environment.ProcessPath ?? throw new InvalidOperationException("this program's path is not known"),
        };
    }

    private static SupException Invalid(string option, string? value, string expected) =>
        SupException.Usage($"{option} {Printable.Line(value ?? "")} is not valid", $"give {expected}");

    private static SessionId? IdOf(string? text) =>
        text is null ? null : SessionId.TryParse(text, out SessionId id) ? id : throw Invalid("--session-id", text, Alphabet);

    private static SessionName? NameOf(string? text) =>
        text is null ? null : SessionName.TryParse(text, out SessionName name) ? name : throw Invalid("--name", text, Alphabet);

    private static TerminalSize? Size(string? text) =>
        text is null ? null
        : TerminalSize.TryParse(text, out TerminalSize size) ? size
        : throw Invalid("--size", text, "columns x rows, such as 120x40");

    private static long MaxOutput(string text) =>
        ByteSize.TryParse(text, out long bytes) && bytes > 0 ? bytes : throw Invalid("--max-output", text, "a size such as 64K, 256M or 2G");

    private static TimeSpan Retention(string text) =>
        DurationText.TryParse(text, out TimeSpan value) && value > TimeSpan.Zero && value.Ticks % TimeSpan.TicksPerSecond == 0
            ? value
            : throw Invalid("--retention", text, "a positive time in whole seconds, such as 90s, 24h or 7d");

    private static Dictionary<string, string> Labels(string[] entries)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (string entry in entries)
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw Invalid("--label", entry, "KEY=VALUE");
            }

            labels[entry[..equals]] = entry[(equals + 1)..];
        }

        return labels;
    }
}
