using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Daemon;

/// <summary>The systemd user unit: valid to systemd itself, whatever the paths are, and never written over somebody's own.</summary>
public sealed class InstallTests : Workspace
{
    private string Unit => Path.Combine(Home, ".config", "systemd", "user", "sup.service");

    [Theory]
    [InlineData("plain")]
    [InlineData("with space, 50%h \"quotes\" $HOME and \\slashes")]
    public void It_is_valid_to_systemd_and_means_this_sup_and_this_state(string folder)
    {
        Needs.Programs("systemd-analyze");
        string state = Path.Combine(Work, folder);
        Directory.CreateDirectory(state);
        File.SetUnixFileMode(state, (UnixFileMode)0x1C0);
        Variables["SUP_STATE_DIR"] = state;
        Outcome outcome = RunSup("daemon", "install");
        Assert.Equal((0, Unit + "\n"), (outcome.Status, outcome.Text));
        Assert.Contains("systemctl --user", outcome.ErrorText, StringComparison.Ordinal);
        string text = File.ReadAllText(Unit);
        Assert.Contains("\nKillMode=process\nOOMPolicy=continue\nTasksMax=infinity\nRestart=on-failure\n", text, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(Home, "run"));
        Outcome verified = Bash($"XDG_RUNTIME_DIR={Home}/run systemd-analyze --user verify --man=no {Unit}");
        Assert.Equal("", verified.Text + verified.ErrorText);

        // The lines mean what they are to mean: the shell takes such quotes as systemd does, but for the specifiers.
        string environment = text.Split('\n').Single(l => l.StartsWith("Environment=", StringComparison.Ordinal))["Environment=\"".Length..^1];
        Assert.Equal("SUP_STATE_DIR=" + state, environment.Replace("%%", "%", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal));
        string program = text.Split('\n').Single(l => l.StartsWith("ExecStart=", StringComparison.Ordinal)).Split('"')[1];
        Assert.True(File.Exists(program), program);
        Assert.EndsWith("\" daemon run", text.Split('\n').Single(l => l.StartsWith("ExecStart=", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_own_is_written_anew_and_another_is_left_alone()
    {
        Assert.Equal(0, RunSup("daemon", "install").Status);
        File.AppendAllText(Unit, "# changed\n");
        Assert.Equal(0, RunSup("daemon", "install").Status);
        Assert.DoesNotContain("# changed", File.ReadAllText(Unit), StringComparison.Ordinal);
        File.WriteAllText(Unit, "[Service]\nExecStart=/bin/true\n");
        Outcome refused = RunSup("daemon", "install");
        Assert.Equal(125, refused.Status);
        Assert.Contains("move it away", refused.ErrorText, StringComparison.Ordinal);
        Assert.Equal("[Service]\nExecStart=/bin/true\n", File.ReadAllText(Unit));
    }

    [Fact]
    public void Where_a_user_manager_answers_it_is_enabled()
    {
        string fake = Path.Combine(Bin, "systemctl");
        File.WriteAllText(fake, $"#!/bin/sh\necho \"$@\" >>{Work}/asked\n");
        File.SetUnixFileMode(fake, (UnixFileMode)0x1ED);
        Outcome outcome = RunSup("daemon", "install");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("enabled", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Equal(["--user --no-ask-password daemon-reload", "--user --no-ask-password enable sup.service"], File.ReadAllLines(Path.Combine(Work, "asked")));
    }
}
