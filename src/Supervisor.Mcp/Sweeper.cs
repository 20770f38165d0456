using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Mcp;

/// <summary>Removes sessions whose time is over, at the start and then every ten minutes: a server runs for as long as its client.</summary>
internal static class Sweeper
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    public static void Start(StateRoot root, CancellationToken ending) => SmallThread.Start("sweep", () =>
    {
        do
        {
            try
            {
                new RetentionSweep(root, TimeProvider.System).Run();
                new Trash(root, TimeProvider.System).Empty();
            }
            catch (Exception e) when (e is SupException or IOException or UnauthorizedAccessException)
            {
                // Who asks for sessions is told what is wrong with the state folder; the next sweep may find it well again.
            }
        }
        while (!ending.WaitHandle.WaitOne(Interval));
    });
}
