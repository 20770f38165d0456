using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Serilog.Core;
using Supervisor.Host.Api;
using Supervisor.Host.Api.Endpoints;
using Supervisor.Host.Api.Endpoints.Sessions;
using Supervisor.Host.Logging;
using Supervisor.Host.Starting;
using Supervisor.Host.Supervision;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Host;

/// <summary>
/// <c>sup-daemon [--foreground]</c>, which <c>sup</c> starts: the daemon of one state root, from taking its lock to letting it go.
/// One that cannot have the lock exits 0 without a word.
/// </summary>
internal static class DaemonProgram
{
    public const string Foreground = "--foreground";
    private const int Stderr = 2;

    public static int Run(string[] args, ISupervision supervision)
    {
        bool foreground = args is [Foreground];
        if (!foreground && args.Length > 0)
        {
            Say("sup-daemon: is started by sup; see sup daemon --help");
            return ExitCode.Usage;
        }

        Detachment.LeaveCaller(foreground);
        try
        {
            return RunLocked(foreground, supervision);
        }
        catch (SupException e)
        {
            Say("sup: " + Printable.Line(e.Message) + (e.Hint is null ? "" : "; " + Printable.Line(e.Hint)));
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Say("sup: the daemon cannot start: " + Printable.Line(e.Message));
            return ExitCode.Failure;
        }
    }

    private static int RunLocked(bool foreground, ISupervision supervision)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        int folder = root.OpenRoot(create: true);
        try
        {
            using DaemonLock? held = DaemonLock.TryTake(folder);
            if (held is null)
            {
                if (foreground)
                {
                    throw new SupException(
                        ErrorCode.DaemonUnavailable, ExitCode.Failure, $"a daemon of {root.Path} runs already", "sup daemon status shows it");
                }

                return ExitCode.Success;
            }

            using Logger log = DaemonLog.Open(root, folder, foreground);
            using CancellationTokenSource stop = new();
            using SignalSet signals = new(stop, foreground);
            try
            {
                ServeAsync(root, folder, supervision, log, stop, foreground).GetAwaiter().GetResult();
                return ExitCode.Success;
            }
            catch (Exception e)
            {
                log.Fatal(e, "the daemon ends: {Reason:l}", e.Message);
                throw;
            }
        }
        finally
        {
            Libc.close(folder);
        }
    }

    private static async Task ServeAsync(
        StateRoot root, int folder, ISupervision supervision, Logger log, CancellationTokenSource stop, bool foreground)
    {
        long epoch = await supervision.StartAsync(
            root,
            DaemonFiles.Read(folder)?.Epoch ?? 0,
            log,
            () =>
            {
                if (!stop.IsCancellationRequested)
                {
                    log.Fatal("the part that looks after sessions has failed; the daemon ends, the sessions go on");
                    Environment.Exit(ExitCode.Failure);
                }
            },
            stop.Token);
        try
        {
            using ControlSocket socket = ControlSocket.Open(folder, root.Path, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
            DaemonIdentity identity = new(root, socket.Path, epoch, TimeProvider.System);
            IEndpoint[] endpoints = Endpoints(identity, supervision, stop.Cancel);
            await using WebApplication server = DaemonServer.Create(socket.Fd, new Dispatcher(endpoints, log, stop.Token), log);
            await server.StartAsync(stop.Token);
            using RootWatch watch = new(folder, () =>
            {
                log.Warning("the state folder was removed or moved away; the daemon ends");
                stop.Cancel();
            });
            log.Information(
                "daemon {Version:l} is ready: pid {Pid}, epoch {Epoch}, socket {Socket:l}", DaemonIdentity.Version, Environment.ProcessId, epoch, socket.Path);
            RecordFile.Write(folder, identity.Record);
            if (!foreground)
            {
                Detachment.LeaveStderr();
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            log.Information("the daemon stops");
            await server.StopAsync(CancellationToken.None);
        }
        finally
        {
            await supervision.StopAsync(CancellationToken.None);
        }

        log.Information("the daemon has stopped");
    }

    /// <summary>All that the control API has; docs/openapi.yaml describes them.</summary>
    internal static IEndpoint[] Endpoints(DaemonIdentity identity, ISupervision supervision, Action stop) =>
    [
        new GetDaemon(identity, supervision),
        new StopDaemon(identity, supervision, stop),
        new StreamEvents(supervision),
        new ListSessionsCall(identity.Root, TimeProvider.System),
        new GetSessionCall(identity.Root, TimeProvider.System),
        new FollowOutputCall(supervision, identity.Root),
        new SignalSessionCall(identity.Root),
        new StartSessionCall(supervision),
        new StopSessionCall(supervision, identity.Root),
        new KillSessionCall(supervision, identity.Root),
        new RestartSessionCall(supervision, identity.Root),
    ];

    private static void Say(string line) => Io.WriteAll(Stderr, Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>TERM and INT stop the daemon in order. HUP does so in the foreground; else it has no meaning, but is not ignored either: what is started from here would inherit that.</summary>
    private sealed class SignalSet : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        public SignalSet(CancellationTokenSource stop, bool foreground)
        {
            void Stop(PosixSignalContext context)
            {
                context.Cancel = true;
                stop.Cancel();
            }

            _registrations =
            [
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
                PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
                PosixSignalRegistration.Create(PosixSignal.SIGHUP, foreground ? Stop : context => context.Cancel = true),
            ];
        }

        public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());
    }
}
