using Supervisor.Protocol.Errors;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary>The systemd user unit that starts the daemon with the user's manager.</summary>
internal static class UserUnit
{
    public const string Name = "sup.service";

    /// <summary>By which one that was written here is known.</summary>
    public const string Marker = "# Written by sup daemon install, which writes it anew when it is called again.";

    /// <summary>Where systemd looks for it.</summary>
    public static string Path(Func<string, string?> environment)
    {
        string config = environment("XDG_CONFIG_HOME") is { Length: > 0 } given && System.IO.Path.IsPathRooted(given) ? given
            : environment("HOME") is { Length: > 0 } home ? System.IO.Path.Combine(home, ".config")
            : throw new SupException(ErrorCode.Internal, ExitCode.Failure, "cannot tell where units are: there is no HOME", "set HOME, or XDG_CONFIG_HOME");
        return System.IO.Path.Combine(config, "systemd", "user", Name);
    }

    /// <summary>
    /// KillMode: commands and their keepers outlive the daemon, its stop and its restart. OOMPolicy: one command that runs out of memory does not end the
    /// others. TasksMax: they all count in this unit. 125: another daemon runs, or this
    /// one cannot; to try again at once would not help.
    /// </summary>
    /// <param name="program">The absolute path of sup.</param>
    /// <param name="stateRoot">The state root's absolute path.</param>
    public static string Text(string program, string stateRoot) => $"""
        {Marker}
        [Unit]
        Description=sup: keeps commands alive in the background
        Documentation=man:sup(1)

        [Service]
        ExecStart={Quoted(program).Replace("$", "$$", StringComparison.Ordinal)} daemon run
        Environment={Quoted("SUP_STATE_DIR=" + stateRoot)}
        KillMode=process
        OOMPolicy=continue
        TasksMax=infinity
        Restart=on-failure
        RestartPreventExitStatus=125

        [Install]
        WantedBy=default.target

        """;

    /// <summary>As systemd.syntax(7) and systemd.unit(5) have it: quotes, backslashes, and specifiers.</summary>
    private static string Quoted(string text)
    {
        if (text.Any(char.IsControl))
        {
            throw new SupException(ErrorCode.InvalidArgument, ExitCode.Failure, "a path with control characters cannot stand in a unit", "install sup, and keep its state, elsewhere");
        }

        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal);
        return "\"" + escaped + "\"";
    }
}
