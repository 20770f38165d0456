namespace Supervisor.Sessions.Doctor;

/// <summary>What becomes of commands in the background at the last logout: that is the system's choice, and is only told.</summary>
public static class LogoutCheck
{
    private const string Name = "logout";
    private const string Linger = "loginctl enable-linger keeps them";

    /// <summary>A warning where they end with it.</summary>
    /// <param name="environment">Of the caller.</param>
    /// <param name="system">The file system's root.</param>
    public static Check Run(Func<string, string?> environment, string system = "/")
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (!Directory.Exists(Path.Combine(system, "run/systemd/system")))
        {
            return Check.Ok(Name, "no systemd here: nothing ends a command at logout");
        }

        if (File.Exists(Path.Combine(system, "var/lib/systemd/linger", environment("USER") ?? Environment.UserName)))
        {
            return Check.Ok(Name, "linger is on: what runs in the background stays after the last logout");
        }

        // Where a user manager answers, the daemon and its keepers are in a scope of it (DaemonSpawn), and it goes with the last login.
        if (environment("XDG_RUNTIME_DIR") is { Length: > 0 } folder && File.Exists(Path.Combine(folder, "systemd", "private")))
        {
            return Check.Warning(Name, "linger is off: commands in the background end with your last logout", Linger);
        }

        return IsKilling(system)
            ? Check.Warning(Name, "KillUserProcesses=yes: commands in the background end with the login they were started from", Linger)
            : Check.Ok(Name, "what runs in the background stays after the last logout");
    }

    /// <summary>logind.conf(5): the main file, then its drop-ins; the last word counts.</summary>
    private static bool IsKilling(string system)
    {
        string main = Path.Combine(system, "etc/systemd/logind.conf");
        List<string> files = File.Exists(main) ? [main] : [];
        foreach (string folder in new[] { "usr/lib/systemd/logind.conf.d", "run/systemd/logind.conf.d", "etc/systemd/logind.conf.d" })
        {
            string path = Path.Combine(system, folder);
            files.AddRange(Directory.Exists(path) ? Directory.GetFiles(path, "*.conf").Order(StringComparer.Ordinal) : []);
        }

        bool kills = false;
        foreach (string line in files.SelectMany(File.ReadLines))
        {
            string[] setting = line.Split('=', 2, StringSplitOptions.TrimEntries);
            if (setting.Length == 2 && string.Equals(setting[0], "KillUserProcesses", StringComparison.Ordinal))
            {
                kills = setting[1].ToUpperInvariant() is "YES" or "TRUE" or "1" or "ON" or "Y" or "T";
            }
        }

        return kills;
    }
}
