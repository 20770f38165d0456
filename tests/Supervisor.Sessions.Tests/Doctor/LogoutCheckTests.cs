using Xunit;
using Supervisor.Sessions.Doctor;

namespace Supervisor.Sessions.Tests.Doctor;

/// <summary>Whether commands in the background survive the last logout, as the system's files tell.</summary>
public sealed class LogoutCheckTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sup-logout-").FullName;

    [Fact]
    public void Without_systemd_nothing_ends_them() => Assert.Equal(CheckStatus.Ok, Run().Status);

    [Theory]
    [InlineData("", CheckStatus.Ok)]
    [InlineData("#KillUserProcesses=yes\n", CheckStatus.Ok)]
    [InlineData("[Login]\nKillUserProcesses = yes\n", CheckStatus.Warning)]
    [InlineData("KillUserProcesses=on\n", CheckStatus.Warning)]
    [InlineData("KillUserProcesses=yes\nKillUserProcesses=no\n", CheckStatus.Ok)]
    public void In_a_login_session_the_setting_counts(string settings, CheckStatus expected)
    {
        Write("run/systemd/system/x", "");
        Write("etc/systemd/logind.conf", settings);
        Assert.Equal(expected, Run().Status);
    }

    [Fact]
    public void A_drop_in_has_the_last_word()
    {
        Write("run/systemd/system/x", "");
        Write("etc/systemd/logind.conf", "KillUserProcesses=no\n");
        Write("etc/systemd/logind.conf.d/50-kill.conf", "[Login]\nKillUserProcesses=true\n");
        Assert.Equal(CheckStatus.Warning, Run().Status);
    }

    [Theory]
    [InlineData(false, CheckStatus.Warning)]
    [InlineData(true, CheckStatus.Ok)]
    public void Under_a_user_manager_linger_counts(bool lingers, CheckStatus expected)
    {
        Write("run/systemd/system/x", "");
        Write("user/systemd/private", "");
        if (lingers)
        {
            Write("var/lib/systemd/linger/ann", "");
        }

        Check check = Run();
        Assert.Equal(expected, check.Status);
        Assert.Equal(lingers, check.Hint is null);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private Check Run() => LogoutCheck.Run(name => name is "USER" ? "ann" : name is "XDG_RUNTIME_DIR" ? Path.Combine(_root, "user") : null, _root);

    private void Write(string path, string text)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
