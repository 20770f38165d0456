using System.Text;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Foreground;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary>
/// <c>sup run [opts] [--] CMD…</c>. What it is made of must not need System.CommandLine: loading that takes longer than
/// many a command (<see cref="RunHelp"/> prints the help).
/// </summary>
internal static class RunCommand
{
    private const string Alphabet = "letters, digits, . _ -, at most 64, beginning with a letter or digit, no ..";

    /// <param name="args">The words behind <c>run</c>.</param>
    /// <param name="caller">Whom to run it for.</param>
    /// <returns>Only when the help was asked for: else the process ends here, as the command did.</returns>
    public static int Execute(string[] args, Caller caller)
    {
        // Begun before anything is known for sure: it takes longest, and is undone when it turns out to be wrong.
        bool usual = PreparedTerminal.WouldBePty(caller.State) && !Array.Exists(args, a => a.StartsWith("--pty", StringComparison.Ordinal));
        using PreparedTerminal? prepared = usual ? PreparedTerminal.Open(PtyChoice.Auto, caller.State, Program) : null;
        return Execute(args, caller, prepared);
    }

    private static int Execute(string[] args, Caller caller, PreparedTerminal? prepared)
    {
        string[] words = Words(args, caller);
        RunOptions options = Options(words);
        if (options.Has(RunOptions.Help))
        {
            return CommandLine.Help("run");
        }

        if (options.Command.Length == 0)
        {
            throw SupException.Usage("no command to run", "sup run -- CMD");
        }

        RunRequest request = Request(options, caller);
        if (options.Has(RunOptions.Detach))
        {
            prepared?.Dispose();
            return StartCommand.Execute(options, request, caller);
        }

        bool quiet = options.Has(RunOptions.Quiet) || Environment.GetEnvironmentVariable("SUP_QUIET") is { Length: > 0 };
        bool banner = !quiet && IsTerminal(0) && IsTerminal(1) && IsTerminal(2);
        bool IsTerminal(int fd) => !request.Caller.WasClosed(fd) && Io.IsTerminal(fd);
        string? idFile = options.Value(RunOptions.IdFile);
        if (idFile is not null)
        {
            // Tried while nothing has been created yet.
            WriteIdFile(idFile, "");
        }

        string path = "";
        string id = "";
        RunOutcome outcome;
        using (ForegroundRun run = new(request, prepared, TimeProvider.System))
        {
            outcome = run.Execute(record =>
            {
                (path, id) = (record.Path ?? "", record.Meta.Id);
                if (idFile is not null)
                {
                    WriteIdFile(idFile, id + "\n");
                }

                if (banner)
                {
                    Banner.Before(record.Meta);
                }
            });
        }

        Report(outcome, id, path, banner);
        if (outcome.Signal is Signals.SIGINT or Signals.SIGTERM or Signals.SIGQUIT or Signals.SIGHUP)
        {
            ForegroundRun.DieOf(outcome.Signal);
        }

        Libc._exit(outcome.ExitStatus);
        return outcome.ExitStatus;
    }

    /// <summary>With <c>-d</c> the options of <c>sup start</c> may be there, too.</summary>
    private static RunOptions Options(string[] words)
    {
        try
        {
            return RunOptions.Parse(words, RunOptions.All);
        }
        catch (SupException) when (Array.Exists(words, w => w is "-d" or "--detach"))
        {
            RunOptions options = RunOptions.Parse(words, RunOptions.Start);
            if (!options.Has(RunOptions.Detach))
            {
                throw;
            }

            return options;
        }
    }

    /// <summary>The words with every byte they had: .NET has put something else for what is not UTF-8.</summary>
    internal static string[] Words(string[] args, Caller caller)
    {
        string[] words = new string[args.Length];
        int before = caller.Arguments.Count - args.Length;
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = before < 0 ? args[i] : NativeText.Decode(caller.Arguments[before + i]);
        }

        return words;
    }

    internal static void WriteIdFile(string path, string content)
    {
        int error = OptionFile.Write(path, Encoding.UTF8.GetBytes(content));
        if (error != 0)
        {
            throw SupException.Usage($"cannot write --id-file {Printable.Word(path)}: {Errno.Text(error)}", "name a file that can be written");
        }
    }

    private static string Program =>
        Environment.ProcessPath ?? throw new InvalidOperationException("this program's path is not known");

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
            string lost = outcome.LostBytes switch
            {
                null => "; no output was stored",
                0 => "",
                var bytes => $"; {bytes} bytes of output were not stored",
            };
            Talk.Write($"sup: the transcript of {id} is not complete: {Printable.Line(outcome.RecordingProblem)}{lost}");
        }

        if (banner)
        {
            Banner.After(outcome, path);
        }
    }

    internal static RunRequest Request(RunOptions options, Caller caller)
    {
        // Not a collection expression: that one is made by System.Linq, another library to load.
        List<byte[]> environment = new(caller.Environment);
        foreach (string file in options.Values(RunOptions.EnvFile))
        {
            EnvironmentOptions.AddFile(environment, file);
        }

        foreach (string entry in options.Values(RunOptions.Env))
        {
            EnvironmentOptions.Add(environment, entry, "--env");
        }

        string? cwd = options.Value(RunOptions.WorkingDirectory);
        if (cwd is { Length: 0 })
        {
            throw SupException.Usage("--cwd is empty", "name a folder");
        }

        List<byte[]> command = [];
        for (int i = caller.Arguments.Count - options.Command.Length; i < caller.Arguments.Count; i++)
        {
            command.Add(caller.Arguments[i]);
        }

        string[] text = new string[command.Count];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = Encoding.UTF8.GetString(command[i]);
        }

        string? pty = options.Value(RunOptions.Pty) ?? "auto";
        return new RunRequest
        {
            Root = () => StateRoot.Locate(Environment.GetEnvironmentVariable),
            Id = IdOf(options.Value(RunOptions.Id)),
            Name = NameOf(options.Value(RunOptions.Name)),
            Command = command,
            CommandText = text,
            Environment = environment,
            WorkingDirectory = cwd,
            Caller = caller.State,
            Retention = Retention(options.Value(RunOptions.Retention) ?? "24h"),
            SilenceAfter = Silence(options.Value(RunOptions.SilenceAfter) ?? "30s"),
            MaxOutputBytes = MaxOutput(options.Value(RunOptions.MaxOutput) ?? "256M"),
            Pty = pty switch
            {
                "auto" => PtyChoice.Auto,
                "always" => PtyChoice.Always,
                "never" => PtyChoice.Never,
                _ => throw Invalid(RunOptions.Pty.Name, pty, "auto, always or never"),
            },
            Size = Size(options.Value(RunOptions.Size)),
            Labels = Labels(options.Values(RunOptions.Label)),
            Script = ScriptIdentity.Start(command, cwd, SearchPath.Of(environment)),
            Program = Program,
        };
    }

    private static SupException Invalid(string option, string? value, string expected) =>
        SupException.Usage($"{option} {Printable.Word(value ?? "")} is not valid", $"give {expected}");

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

    private static TimeSpan Silence(string text) =>
        DurationText.TryParse(text, out TimeSpan value) && value >= TimeSpan.Zero && value <= TimeSpan.FromDays(365)
            ? value
            : throw Invalid("--silence-after", text, "a time such as 500ms, 30s or 5m, at most 365 days; 0 turns it off");

    private static Dictionary<string, string> Labels(IReadOnlyList<string> entries)
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
