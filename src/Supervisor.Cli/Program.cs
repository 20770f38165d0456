using Supervisor.Cli;
using Supervisor.Cli.Commands;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Terminal.Monitoring;

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("sup: cannot run here: only Linux is supported so far; use WSL on Windows");
    return Supervisor.Protocol.Errors.ExitCode.Failure;
}

AppDomain.CurrentDomain.UnhandledException += (_, e) => Talk.Write($"sup: internal error: {e.ExceptionObject}");

// Inherited as ignored, it would make the kernel throw away every exit status.
Signals.SetDefault(Signals.SIGCHLD);

return args switch
{
    [SessionMonitor.Verb, var owner, var terminal, var user] => MonitorProgram.Run(owner, terminal, user),
    [KeeperOrder.Verb, var id] => KeeperProgram.Run(id),
    ["run", "logs" or "status" or "history" or "clean", ..] => CommandLine.Run(args[1..], caller: null),
    ["run" or "start", ..] => CommandLine.Run(args, Caller.Receive()),
    _ => CommandLine.Run(args, caller: null),
};
