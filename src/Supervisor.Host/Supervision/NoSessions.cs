namespace Supervisor.Host.Supervision;

/// <summary>A daemon that looks after nothing.</summary>
internal sealed class NoSessions : ISupervision
{
    public Task<long> StartAsync(long lastEpoch, CancellationToken cancel) => Task.FromResult(lastEpoch + 1);

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task<SupervisionStatus> StatusAsync(CancellationToken cancel) => Task.FromResult(new SupervisionStatus(0, 0, 0));
}
