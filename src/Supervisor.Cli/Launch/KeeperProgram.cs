using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Keeper;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Launch;

/// <summary>
/// This program as the keeper of a supervised session; not for people. Descriptor 0 is a socket to whoever started it: for a new session
/// its spec comes from there, up to the end of input; one frame goes back, <c>done</c> when the session can be reached, or <c>error</c>.
/// </summary>
internal static class KeeperProgram
{
    public static int Run(string id)
    {
        Descriptors.CloseInherited();
        Signals.Ignore(Signals.SIGXFSZ);
        LiveMessage answer = new() { Type = LiveMessageType.Done };
        SessionKeeper? keeper = null;
        try
        {
            StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
            keeper = Open(root, id);
            answer = answer with { Session = keeper.Id };
        }
        catch (SupException e)
        {
            answer = new LiveMessage { Type = LiveMessageType.Error, Code = e.Code, Message = e.Message };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            answer = new LiveMessage { Type = LiveMessageType.Error, Code = ErrorCode.Internal, Message = e.Message };
        }

        bool heard = KeeperOrder.Answer(answer);
        if (keeper is null)
        {
            return ExitCode.Failure;
        }

        if (!heard && id.Length == 0)
        {
            // Whoever asked for a new session is dead, and may be recorded as such: nobody would ever begin its first attempt.
            keeper.Discard();
            return ExitCode.Failure;
        }

        using (keeper)
        {
            keeper.Run();
        }

        Libc._exit(0);
        return 0;
    }

    private static SessionKeeper Open(StateRoot root, string id)
    {
        if (id.Length > 0)
        {
            return SessionId.TryParse(id, out SessionId wanted)
                ? KeeperOpening.Reopen(root, wanted, TimeProvider.System)
                : throw SupException.Usage("not a session id", "start it through the daemon");
        }

        SessionSpec spec = SessionSpec.Read(KeeperOrder.Receive())
            ?? throw SupException.Usage("the session's spec cannot be read", "use the same version of sup and of its daemon");
        return KeeperOpening.Create(root, spec, TimeProvider.System);
    }
}
