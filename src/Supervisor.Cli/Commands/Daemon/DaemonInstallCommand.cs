using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Supervisor.Cli.Launch;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Doctor;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary><c>sup daemon install</c></summary>
internal sealed class DaemonInstallCommand : Command
{
    private const string Mend = "give the folder ~/.config/systemd/user to yourself, or write the unit by hand";

    public DaemonInstallCommand()
        : base("install", "Write a systemd user unit that starts the daemon at boot, and enable it") => SetAction(_ => Execute());

    private static int Execute()
    {
        TextFile unit = new(UserUnit.Path(Environment.GetEnvironmentVariable), Mend);
        if (unit.Text.Length > 0 && !unit.Text.StartsWith(UserUnit.Marker, StringComparison.Ordinal))
        {
            throw new SupException(ErrorCode.Conflict, ExitCode.Failure, $"cannot write {unit.Path}: there is one that sup has not written", "move it away first");
        }

        unit.Write(UserUnit.Text(Launcher.Path(), StateRoot.Locate(Environment.GetEnvironmentVariable).Path));
        Data.Write(unit.Path);
        if (Systemctl("daemon-reload") && Systemctl("enable", UserUnit.Name))
        {
            Talk.Write("sup: enabled: the daemon starts with your user manager, at the next boot or login");
        }
        else
        {
            Talk.Write($"sup: written, but no user manager answers here; where one runs: systemctl --user daemon-reload; systemctl --user enable {UserUnit.Name}");
        }

        if (LogoutCheck.Run(Environment.GetEnvironmentVariable) is { Status: not CheckStatus.Ok } logout)
        {
            Talk.Write($"sup: {logout.Message}; {logout.Hint}");
        }

        return ExitCode.Success;
    }

    /// <summary>False where there is none, or it fails.</summary>
    private static bool Systemctl(params string[] arguments)
    {
        ProcessStartInfo start = new("systemctl") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add("--user");
        start.ArgumentList.Add("--no-ask-password");
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using Process? process = Process.Start(start);
            process?.StandardInput.Close();
            process?.WaitForExit();
            return process?.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
