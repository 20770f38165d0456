using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.RunnerProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// Sessions without an owner that wait for a daemon: those with a restart policy and no end, and after a reboot those of policy <c>always</c>
/// that a person had stopped before.
/// </summary>
internal static class WaitingSessions
{
    /// <param name="root">The state root. Blocks while its folders are read.</param>
    /// <param name="known">Ids that the journal knows to be live.</param>
    /// <param name="problem">Told of each that cannot be read.</param>
    /// <returns>A message for each one's runner.</returns>
    public static IEnumerable<IWithSessionId> In(StateRoot root, HashSet<string> known, Action<Exception> problem)
    {
        if (!Directory.Exists(root.Sessions))
        {
            yield break;
        }

        foreach (string folder in Directory.EnumerateDirectories(root.Sessions))
        {
            if (SessionId.TryParse(Path.GetFileName(folder), out SessionId id) && !known.Contains(id.Value) && MessageFor(root, id, problem) is { } message)
            {
                yield return message;
            }
        }
    }

    private static IWithSessionId? MessageFor(StateRoot root, SessionId id, Action<Exception> problem)
    {
        try
        {
            return MessageFor(root, id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SupException)
        {
            problem(e);
            return null;
        }
    }

    private static IWithSessionId? MessageFor(StateRoot root, SessionId id)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        if (files?.ReadMeta() is not { IsRestarted: true, Terminal: "supervised" } meta || files.IsOwned()
            || !string.Equals(meta.Host, Environment.MachineName, StringComparison.Ordinal))
        {
            return null;
        }

        if (files.ReadFinal(meta) is not { } final)
        {
            return new AdoptSession(id, meta, new SessionPlace(root, id).Rules());
        }

        // Under the same request each time, so that it is done once a boot.
        bool stoppedBefore = final.EndReason is "user-stop" && final.BootId is { } boot && !string.Equals(boot, ProcessIdentity.BootId, StringComparison.Ordinal);
        return stoppedBefore && RestartPolicy.TryParse(meta.Restart, out RestartPolicy policy) && policy.Mode == RestartMode.Always
            ? new RestartSession(id, "boot-" + ProcessIdentity.BootId, meta, new SessionPlace(root, id).Rules())
            : null;
    }
}
