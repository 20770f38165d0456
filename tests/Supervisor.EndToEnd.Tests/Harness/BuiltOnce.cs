namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>Has the launcher build sup before the first test, so that no test waits for it or sees its messages.</summary>
public sealed class BuiltOnce
{
    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(10);

    public BuiltOnce()
    {
        Outcome outcome = Child.Run(new Launch(Sup.Program, ["--version"]) { Deadline = BuildTime });
        if (outcome.Status != 0)
        {
            throw new InvalidOperationException($"{Sup.Program} --version failed: {outcome}");
        }
    }
}
