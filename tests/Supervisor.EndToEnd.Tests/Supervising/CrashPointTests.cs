using System.Globalization;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Sessions.Keeper;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>At every named moment of a start, in whichever process it is, the daemon, the keeper or both are killed: the command runs at most once.</summary>
public sealed class CrashPointTests : SupervisedWorkspace
{
    private const string Daemon = "sup-daemon", Keeper = "keeper-of-a-session";

    public static TheoryData<string, string> Deaths
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string point in CrashPoint.All)
            {
                all.Add(point, Daemon);
                all.Add(point, Keeper);
                all.Add(point, "both");
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public void Whoever_is_killed_while_one_stands_at_a_moment_the_command_runs_at_most_once(string point, string victim)
    {
        Variables[CrashPoint.Variable] = "hold:" + point;
        using Child start = StartBash("exec sup start --session-id one -- sh -c 'echo run >>runs; exit 3'");
        LiveProcess held = Eventually.Get("one stands there", Held);
        foreach (LiveProcess process in LiveProcesses.Of(State))
        {
            if (process.Command.Contains(victim, StringComparison.Ordinal)
                || (victim is "both" && (process.Command.Contains(Daemon, StringComparison.Ordinal) || process.Command.Contains(Keeper, StringComparison.Ordinal))))
            {
                process.Kill();
            }
        }

        Continue(held);

        // The next daemon knows the moment too: whoever stands there goes on.
        Eventually.True("the start is answered", () =>
        {
            if (Held() is { } again)
            {
                Continue(again);
            }

            return !LiveProcesses.IsAlive(start.Pid);
        });
        Outcome outcome = start.Wait();
        Assert.True(outcome.Status is 0 or 125, outcome.ToString());
        Variables.Remove(CrashPoint.Variable);
        Eventually.True("no daemon with that moment", () => DaemonPid is null || RunSup("daemon", "stop").Status == 0);
        if (Held() is { } keeper)
        {
            Continue(keeper);
        }

        Assert.Equal(0, RunSup("daemon", "start").Status);
        Eventually.True("the session is over", () => (int?)Json("daemon", "status")["daemon"]!["sessions"] == 0, () => RunSup("ls", "--all", "--json").Text);
        string runs = File.Exists(Path.Combine(Work, "runs")) ? File.ReadAllText(Path.Combine(Work, "runs")) : "";
        Assert.True(runs is "" or "run\n", runs);
        if (outcome.Status == 0)
        {
            Assert.Equal("run\n", runs);
        }
    }

    private LiveProcess? Held() => LiveProcesses.Of(State).FirstOrDefault(p => p.State is 'T');

    private void Continue(LiveProcess process) => Bash(string.Create(CultureInfo.InvariantCulture, $"kill -CONT {process.Pid} 2>/dev/null"));
}
