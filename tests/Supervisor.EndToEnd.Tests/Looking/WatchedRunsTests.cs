using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>Real runs, looked at without a pause from before their beginning until after their end.</summary>
public sealed class WatchedRunsTests : Workspace
{
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("SUP_TEST_RUNS") ?? "60", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("never")]
    [InlineData("always")]
    public void A_run_goes_through_its_states_in_order_and_is_never_lost(string pty)
    {
        SessionCatalog catalog = new(StateRoot.Locate(name => name is "SUP_STATE_DIR" ? State : null), TimeProvider.System);
        Dictionary<string, SessionState> seen = new(StringComparer.Ordinal);
        using Child runs = StartBash(string.Create(
            CultureInfo.InvariantCulture,
            $"two() {{ for i in $(seq {Runs / 2}); do sup run --pty {pty} --session-id $1$i sh -c 'echo hello; exit 3' >/dev/null; done; }}; two a & two b & wait; touch done"));
        int looks = 0;
        bool last = false;
        while (true)
        {
            foreach (SessionStatus status in catalog.All())
            {
                SessionState before = seen.GetValueOrDefault(status.Id.Value, SessionState.Starting);
                Assert.True(
                    status.State is SessionState.Starting or SessionState.Running or SessionState.Stopping or SessionState.Exited && status.State >= before,
                    $"{status.Id} was {before} and is {status.State}");
                Assert.Equal(status.State == SessionState.Exited, status.Final is not null);
                seen[status.Id.Value] = status.State;
            }

            looks++;
            if (last)
            {
                break;
            }

            last = File.Exists(Path.Combine(Work, "done"));
        }

        runs.Wait();
        Assert.Equal(Runs / 2 * 2, seen.Count);
        Assert.All(seen, s => Assert.Equal(SessionState.Exited, s.Value));
        Assert.True(looks > Runs, "it was hardly looked at");
    }
}
