using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>What starting a command costs.</summary>
public sealed class StartTests : Workspace
{
    [Fact]
    public void A_run_loads_no_library_that_it_does_not_need()
    {
        // On pipes the parent is sup.
        Outcome outcome = RunSup("run", "--", "sh", "-c", "cat /proc/$PPID/maps");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("/sup.dll", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.CommandLine", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.Linq", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.Text.Json", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("libcoreclrtraceptprovider", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_sup_sets_for_its_own_runtime_stays_the_callers_for_the_command() =>
        Same("export DOTNET_LTTng=1 DOTNET_EnableDiagnostics=1; RUN env | grep ^DOTNET | sort");
}
