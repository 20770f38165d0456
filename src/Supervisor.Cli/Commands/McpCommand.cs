using System.CommandLine;
using System.Runtime.CompilerServices;
using Supervisor.Mcp;
using Supervisor.Mcp.Control;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup mcp [--scope project|all] [--session ID] [--name GLOB] [--label k=v] [--no-mask] [--allow-control[=…]]</c></summary>
internal sealed class McpCommand : Command
{
    private readonly Option<string> _scope = new("--scope")
    {
        Description = "project: only sessions whose folder is this one or below it; all (the default)",
        HelpName = "project|all",
        DefaultValueFactory = _ => "all",
    };

    private readonly Option<string?> _session = new("--session") { Description = "Only this session", HelpName = "ID" };
    private readonly Option<string?> _name = new("--name") { Description = "Only sessions whose name matches this pattern: * ? [a-z]", HelpName = "GLOB" };
    private readonly Option<string[]> _labels = new("--label") { Description = "Only sessions with this label", HelpName = "KEY=VALUE" };
    private readonly Option<bool> _noMask = new("--no-mask") { Description = "Show tokens and passwords in commands and output as they are" };

    private readonly Option<string?> _control = new("--allow-control")
    {
        Description = $"Also let agents change something: all, or some of {ControlRights.Words}",
        HelpName = "start,stop,restart",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public McpCommand()
        : base("mcp", "Serve the Model Context Protocol on stdin and stdout, for AI agents: sessions and their output, read-only unless --allow-control is given")
    {
        foreach (Option option in new Option[] { _scope, _session, _name, _labels, _noMask, _control })
        {
            Options.Add(option);
        }

        SetAction(parsed => Execute(
            parsed.GetValue(_scope)!, parsed.GetValue(_session), parsed.GetValue(_name), parsed.GetValue(_labels) ?? [], parsed.GetValue(_noMask), parsed.GetResult(_control) is null ? null : parsed.GetValue(_control) ?? ""));
    }

    // Its own method: what it needs is loaded only when it is called.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Execute(string scope, string? session, string? name, string[] labels, bool noMask, string? control)
    {
        string? folder = scope switch
        {
            "all" => null,
            "project" => Io.RealPath(".") ?? throw new SupException(
                ErrorCode.Internal, ExitCode.Failure, "cannot tell which folder this is: it is gone", "change to another one"),
            _ => throw SupException.Usage($"--scope {Printable.Word(scope)} is not valid", "give project or all"),
        };
        return McpProgram.Run(new ServerSettings
        {
            Root = StateRoot.Locate(Environment.GetEnvironmentVariable),
            Version = typeof(McpCommand).Assembly.GetName().Version?.ToString(3) ?? "0",
            Folder = folder,
            Session = session,
            Name = name,
            Labels = SessionFilter.Labels(labels),
            Mask = !noMask,
            Control = control switch
            {
                null => ControlRights.None,
                "" => ControlRights.All,
                _ => ControlRights.Parse(control) ?? throw SupException.Usage($"--allow-control={Printable.Line(control)} is not valid", $"give some of {ControlRights.Words}, with commas between them, or nothing for all"),
            },
        });
    }
}
