using System.CommandLine;
using System.Text.Json;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Generate;

/// <summary><c>sup generate mcp-config [claude|codex|cursor|vscode|opencode] [--file PATH] [--scope project|all] [--print]</c></summary>
internal sealed class McpConfigCommand : Command
{
    private const string Clients = "claude, codex, cursor, vscode or opencode";

    private readonly Argument<string> _client = new("CLIENT")
    {
        Description = $"Whose: {Clients}",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "claude",
    };

    private readonly Option<string?> _file = new("--file") { Description = "This file instead of the client's own", HelpName = "PATH" };
    private readonly Option<string?> _scope = new("--scope") { Description = "What the server shows: project, or all (the default)", HelpName = "project|all" };
    private readonly Option<bool> _print = new("--print") { Description = "Print it, and change no file" };

    public McpConfigCommand()
        : base("mcp-config", "Add sup's MCP server to the configuration of an AI client")
    {
        Arguments.Add(_client);
        Options.Add(_file);
        Options.Add(_scope);
        Options.Add(_print);
        SetAction(parsed => Execute(
            parsed.GetValue(_client)!, parsed.GetValue(_file), parsed.GetValue(_scope), parsed.GetValue(_print)));
    }

    private static int Execute(string client, string? file, string? scope, bool print)
    {
        if (scope is not (null or "project" or "all"))
        {
            throw SupException.Usage($"--scope {Printable.Word(scope)} is not valid", "give project or all");
        }

        string program = Launcher.Path();
        string state = StateRoot.Locate(Environment.GetEnvironmentVariable).Path;
        string own = client switch
        {
            "claude" => ".mcp.json",
            "cursor" => ".cursor/mcp.json",
            "vscode" => ".vscode/mcp.json",
            "opencode" => File.Exists("opencode.jsonc") ? "opencode.jsonc" : "opencode.json",
            "codex" => Path.Combine(
                Environment.GetEnvironmentVariable("CODEX_HOME") is { Length: > 0 } home ? home
                : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".codex"),
                "config.toml"),
            _ => throw SupException.Usage($"there is no client {Printable.Word(client)}", $"give {Clients}"),
        };
        if (print)
        {
            Data.WriteRaw(System.Text.Encoding.UTF8.GetBytes(Edit(client, "", own, program, scope, state)));
            return 0;
        }

        TextFile config = new(file ?? own);
        string edited = Edit(client, config.Text, config.Path, program, scope, state);
        bool changed = !string.Equals(edited, config.Text, StringComparison.Ordinal);
        if (changed)
        {
            config.Write(edited);
        }

        Talk.Write($"sup: {config.Path} {(changed ? "now has" : "already had")} the server \"sup\"");
        return 0;
    }

    private static string Edit(string client, string text, string path, string program, string? scope, string state)
    {
        if (client is "codex")
        {
            string[] table = ["mcp_servers", "sup"];
            IReadOnlyList<string>? present = TomlEdit.Get(text, [.. table, "args"]) is { } args ? TomlText.Strings(args) : null;
            string[] words = ServerArguments.Merge(present, scope);
            string list = "[" + string.Join(", ", words.Select(TomlEdit.Quote)) + "]";
            (string, string) command = ("command", TomlEdit.Quote(program));
            return (TomlEdit.Set(text, table, Same(present, words) ? [command] : [command, ("args", list)]) is { } edited
                ? TomlEdit.Set(edited, [.. table, "env"], [("SUP_STATE_DIR", TomlEdit.Quote(state))])
                : null)
                ?? throw Unchanged(path, "it is not TOML, or defines mcp_servers.sup in a form that sup does not edit");
        }

        try
        {
            string[] list = client is "opencode" ? ["mcp", "sup", "command"] : [client is "vscode" ? "servers" : "mcpServers", "sup", "args"];
            string[]? present = JsonEdit.Strings(text, list);
            string[] words = ServerArguments.Merge(client is "opencode" ? present?[Math.Min(1, present.Length)..] : present, scope);
            bool isSame = Same(present, client is "opencode" ? [program, .. words] : words);
            foreach ((string[] member, string value) in Members(client, program, words, state).Where(m => !isSame || !Same(m.Member, list)))
            {
                text = JsonEdit.Set(text, member, value);
            }

            return text;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Unchanged(path, "it is not the JSON that the client reads, or has a name twice");
        }
    }

    private static IEnumerable<(string[] Member, string Value)> Members(string client, string program, string[] arguments, string state)
    {
        if (client is "opencode")
        {
            yield return (["mcp", "sup", "environment", "SUP_STATE_DIR"], Json(state));
            yield return (["mcp", "sup", "enabled"], "true");
            yield return (["mcp", "sup", "command"], Json([program, .. arguments]));
            yield return (["mcp", "sup", "type"], Json("local"));
            yield break;
        }

        // Each is put in front of those that are there: the last becomes the first.
        string servers = client is "vscode" ? "servers" : "mcpServers";
        yield return ([servers, "sup", "env", "SUP_STATE_DIR"], Json(state));
        yield return ([servers, "sup", "args"], Json(arguments));
        yield return ([servers, "sup", "command"], Json(program));
        if (client is not "cursor")
        {
            yield return ([servers, "sup", "type"], Json("stdio"));
        }
    }

    /// <summary>What is as it should be is left as it is written.</summary>
    private static bool Same(IReadOnlyList<string>? present, IReadOnlyList<string> words) =>
        present is not null && present.SequenceEqual(words, StringComparer.Ordinal);

    private static string Json(string text) => JsonSerializer.Serialize(text, GenerateJson.Default.String);

    private static string Json(string[] list) => "[" + string.Join(", ", list.Select(Json)) + "]";

    private static SupException Unchanged(string path, string why) =>
        new(ErrorCode.InvalidArgument, ExitCode.Failure, $"{path} was not changed: {why}", "sup generate mcp-config CLIENT --print shows what to add");
}
