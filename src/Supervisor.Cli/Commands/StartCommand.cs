using System.Globalization;
using System.Text.Json;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Client;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Foreground;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup start [opts] [--] CMD…</c>: asks the daemon for a session, and returns when its command has really started.</summary>
internal static class StartCommand
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    /// <param name="args">The words behind <c>start</c>.</param>
    /// <param name="caller">Whose environment, limits and folder the command gets.</param>
    public static int Execute(string[] args, Caller caller)
    {
        RunOptions options = RunOptions.Parse(RunCommand.Words(args, caller), RunOptions.Start);
        if (options.Has(RunOptions.Help))
        {
            return CommandLine.Help("start");
        }

        if (options.Command.Length == 0)
        {
            throw SupException.Usage("no command to start", "sup start -- CMD");
        }

        return Execute(options, RunCommand.Request(options, caller), caller);
    }

    /// <param name="options">Of <c>start</c>.</param>
    /// <param name="request">The same, checked, as far as it is that of <c>run</c>.</param>
    /// <param name="caller">Whose environment, limits and folder the command gets.</param>
    public static int Execute(RunOptions options, RunRequest request, Caller caller)
    {
        // Here nothing reads them: a Ctrl-C is to end this program.
        Signals.Unblock(Signals.Handled & ~caller.State.BlockedSignals);
        string? idFile = options.Value(RunOptions.IdFile);
        if (idFile is not null)
        {
            RunCommand.WriteIdFile(idFile, "");
        }

        SessionSpec spec = Spec(options, request, caller);
        StateRoot root = request.Root();
        if (options.Has(RunOptions.Replace))
        {
            StopNamesake(root, request.Name ?? throw SupException.Usage("--replace needs a --name", "name the session that is to be replaced"));
        }

        DaemonRequest.Post(root, "/sessions", spec.ToLine(), StartTime);
        if (!options.Has(RunOptions.Quiet))
        {
            LogoutNote.SayOnce(root);
        }

        if (idFile is not null)
        {
            RunCommand.WriteIdFile(idFile, spec.Id + "\n");
        }

        if (options.Has(RunOptions.Json))
        {
            ShowCommand.WriteJson(root, new SessionCatalog(root, TimeProvider.System).Find(spec.Id));
        }
        else
        {
            Data.Write(spec.Id);
        }

        return ExitCode.Success;
    }

    private static SessionSpec Spec(RunOptions options, RunRequest request, Caller caller)
    {
        ScriptIdentity script = request.Script();
        TerminalSize size = request.Size ?? OwnSize(caller) ?? TerminalSize.Default;
        return RestartOptions.AddTo(
            new SessionSpec
            {
                Id = (request.Id ?? SessionId.Generate()).Value,
                Name = request.Name?.Value,
                Command = request.Command,
                Environment = request.Environment,
                WorkingDirectory = WorkingFolder.Absolute(request.WorkingDirectory)
                    ?? throw new SupException(ErrorCode.BadWorkingDirectory, ExitCode.Failure, "cannot tell the current folder: it was deleted", "name another with --cwd"),
                Umask = ProcessState.Umask(),
                Niceness = ProcessState.Niceness(),
                SoftLimits = Limits.Current(caller.State.OpenFilesSoftLimit),
                RetentionSeconds = (long)request.Retention.TotalSeconds,
                SilenceAfterSeconds = request.SilenceAfter.TotalSeconds,
                MaxOutputBytes = request.MaxOutputBytes,
                Pty = request.Pty != PtyChoice.Never,
                Columns = size.Columns,
                Rows = size.Rows,
                Labels = request.Labels,
                ScriptPath = script.Path,
                ScriptHash = script.Hash,
                StopSignal = StopSignal(options.Value(RunOptions.StopSignal) ?? "TERM"),
                StopTimeoutMs = StopTimeout(options.Value(RunOptions.StopTimeout) ?? "10s"),
            },
            options);
    }

    private static TerminalSize? OwnSize(Caller caller)
    {
        for (int fd = 0; fd <= 2; fd++)
        {
            if (!caller.State.WasClosed(fd) && Io.IsTerminal(fd) && Tty.GetSize(fd) is { Columns: > 0, Rows: > 0 } size)
            {
                return size;
            }
        }

        return null;
    }

    internal static string StopSignal(string text) => SignalName.TryParse(text, out int signal)
        ? SignalName.Of(signal)
        : throw SupException.Usage($"{Printable.Line(text)} is no signal", "give a name such as TERM or SIGINT, or a number");

    internal static long StopTimeout(string text) => DurationText.TryParse(text, out TimeSpan time) && time >= TimeSpan.Zero && time <= TimeSpan.FromHours(24)
        ? (long)time.TotalMilliseconds
        : throw SupException.Usage($"{Printable.Line(text)} is no time to wait", "give a time such as 500ms, 10s or 2m, at most 24h");

    private static void StopNamesake(StateRoot root, SessionName name)
    {
        if (NameLock.Holder(root, name) is { } id && new SessionCatalog(root, TimeProvider.System).Find(id.Value) is { } live && live.State.IsLive())
        {
            SessionStop.Run(root, live, signal: null, graceMs: null);
        }
    }
}
