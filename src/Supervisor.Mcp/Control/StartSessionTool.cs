using System.Collections;
using ModelContextProtocol.Protocol;
using Supervisor.Client;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Tools;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Control;

/// <summary><c>sup_start_session</c></summary>
internal sealed class StartSessionTool(VisibleSessions sessions, ControlAnswer answer) : ITool
{
    public const string Name = "sup_start_session";
    private const long RetentionSeconds = 24 * 60 * 60;
    private const long MaxOutputBytes = 256L * 1000 * 1000;
    private const int MaxWords = 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public Tool Description { get; } = ControlSchema.Of(
        Name,
        "Start a session",
        "Start a command in the background, in a terminal of its own of 80x24. It runs on when this server ends. Returns when it has really started; then wait for its output from cursor 0.",
        """
        "command":{"type":"string","description":"for /bin/sh -c"},"argv":{"type":"array","items":{"type":"string"},"description":"instead of command: program and arguments"},"name":{"type":"string","description":"unique among live sessions"},"working_directory":{"type":"string","description":"absolute; default: this server's"},"env":{"type":"array","items":{"type":"string"},"description":"K=V"},"restart":{"type":"string","description":"no, on-failure, on-failure:N, always or unless-stopped"},"labels":{"type":"array","items":{"type":"string"},"description":"k=v"}
        """,
        "",
        destroys: false);

    public IReadOnlyList<string> ArgumentNames => field ??= ToolSchema.Arguments(Description);

    public async ValueTask<CallToolResult> Call(ToolArguments arguments, ToolCall call)
    {
        IReadOnlyList<string> words = Words(arguments);
        SessionSpec spec = Spec(arguments, words);
        sessions.CheckNew(spec.WorkingDirectory, spec.Name, spec.Labels);
        await Confirmation.Ask(call.Server, $"start {string.Join(' ', words)} in {spec.WorkingDirectory}", call.Cancellation).ConfigureAwait(false);
        await Task.Run(() => DaemonRequest.Post(sessions.Root, "/sessions", spec.ToLine(), Longest), CancellationToken.None).ConfigureAwait(false);
        return answer.Of(spec.Id, "started");
    }

    private static IReadOnlyList<string> Words(ToolArguments arguments)
    {
        string? command = arguments.Text("command");
        IReadOnlyList<string>? argv = arguments.Texts("argv", MaxWords);
        if (command is null == argv is null || command is { Length: 0 } || argv is { Count: 0 } || argv is [{ Length: 0 }, ..])
        {
            throw SupException.Usage("one of command and argv is needed, and not both", "Give command, a line for the shell, or argv, a program and its arguments");
        }

        IReadOnlyList<string> words = argv ?? ["/bin/sh", "-c", command!];
        return words.Any(w => w.Contains('\0', StringComparison.Ordinal)) ? throw SupException.Usage("the command has a NUL in it", "Leave it out") : words;
    }

    private static SessionSpec Spec(ToolArguments arguments, IReadOnlyList<string> words)
    {
        string? name = arguments.Text("name");
        if (name is not null && !SessionName.TryParse(name, out _))
        {
            throw SupException.Usage($"{Printable.Word(name)} is no name for a session", "Give letters, digits, . _ -, at most 64, beginning with a letter or digit, no ..");
        }

        string restart = arguments.Text("restart") ?? "no";
        if (!RestartPolicy.TryParse(restart, out RestartPolicy policy))
        {
            throw SupException.Usage($"{Printable.Word(restart)} is no restart policy", $"Give {RestartPolicy.Words}");
        }

        string folder = arguments.Text("working_directory") ?? Environment.CurrentDirectory;
        if (!Path.IsPathRooted(folder) || folder.Contains('\0', StringComparison.Ordinal))
        {
            throw SupException.Usage("working_directory is no absolute path", "Give one that begins with /");
        }

        List<byte[]> command = [.. words.Select(NativeText.Encode)];
        ScriptIdentity script = ScriptIdentity.Of(command, folder, NativeText.Encode(Environment.GetEnvironmentVariable("PATH") ?? ""));
        return new SessionSpec
        {
            Id = SessionId.Generate().Value,
            Name = name,
            Command = command,
            Environment = Variables(arguments.Texts("env", MaxWords) ?? []),
            WorkingDirectory = folder,
            Umask = ProcessState.Umask(),
            Niceness = ProcessState.Niceness(),
            SoftLimits = Limits.Current(null),
            RetentionSeconds = RetentionSeconds,
            MaxOutputBytes = MaxOutputBytes,
            Labels = Pairs(arguments.Texts("labels", MaxWords) ?? [], "labels"),
            ScriptPath = script.Path,
            ScriptHash = script.Hash,
            Restart = policy.ToString(),
        };
    }

    /// <summary>This server's own, without what makes it the .NET program and the session it is.</summary>
    private static List<byte[]> Variables(IReadOnlyList<string> more)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry is { Key: string key, Value: string value } && !key.StartsWith("SUP_SESSION_", StringComparison.Ordinal) && key is not ("SUP_ATTEMPT" or "SUP_LAUNCHER")
                && (!key.StartsWith("DOTNET_", StringComparison.Ordinal) || key.StartsWith("DOTNET_ROOT", StringComparison.Ordinal)))
            {
                variables[key] = value;
            }
        }

        foreach ((string key, string value) in Pairs(more, "env"))
        {
            variables[key] = value;
        }

        return [.. variables.Select(v => NativeText.Encode(v.Key + "=" + v.Value))];
    }

    private static Dictionary<string, string> Pairs(IReadOnlyList<string> texts, string argument)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || text.Contains('\0', StringComparison.Ordinal))
            {
                throw SupException.Usage($"{argument} has {Printable.Word(text)}", "Give K=V");
            }

            pairs[text[..equals]] = text[(equals + 1)..];
        }

        return pairs;
    }
}
