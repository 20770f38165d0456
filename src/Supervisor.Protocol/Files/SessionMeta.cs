namespace Supervisor.Protocol.Files;

/// <summary>
/// <c>meta.json</c>: what was started, by whom and how. Written atomically before the command starts, and again
/// with its pid. Readers ignore fields they do not know.
/// </summary>
public sealed record SessionMeta
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required string Id { get; init; }

    public string? Name { get; init; }

    /// <summary>The command and its arguments; bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>The script file whose bytes <see cref="ScriptHash"/> covers; null when it covers the command line.</summary>
    public string? ScriptPath { get; init; }

    /// <summary><c>sha256:</c> and 64 hex digits.</summary>
    public string? ScriptHash { get; init; }

    public required DateTime StartedAt { get; init; }

    /// <summary>How long the session is kept after its end.</summary>
    public required long RetentionSeconds { get; init; }

    public double SilenceAfterSeconds { get; init; } = 30;

    /// <summary><c>posix-pty</c> or <c>pipe</c>; <c>none</c> while nothing was started.</summary>
    public required string TransportMode { get; init; }

    /// <summary>Whether the command's stdout is a terminal.</summary>
    public bool TtyAttached { get; init; }

    /// <summary>Where the terminal comes from: <c>external</c> is a foreground run in the caller's own.</summary>
    public string Terminal { get; init; } = "external";

    public bool Streaming { get; init; }

    public string Restart { get; init; } = "no";

    public IReadOnlyList<int> SuccessCodes { get; init; } = [0];

    public bool AllowInput { get; init; }

    public required long MaxOutputBytes { get; init; }

    public int Attempt { get; init; } = 1;

    /// <summary>The command's process id; null until it has started.</summary>
    public int? Pid { get; init; }

    /// <summary>In clock ticks since boot, field 22 of /proc/PID/stat: with the pid and boot id it names a process for ever.</summary>
    public long? PidStartTime { get; init; }

    public required string BootId { get; init; }

    public required int OwnerPid { get; init; }

    public required long OwnerStartTime { get; init; }

    /// <summary>The live socket's path when it is not <c>live.sock</c> beside this file.</summary>
    public string? Socket { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public required string Host { get; init; }

    /// <summary>The file's content.</summary>
    public byte[] ToLine() => new JsonText()
        .Add("schema_version", SchemaVersion)
        .Add("id", Id)
        .Add("name", Name)
        .Add("command", Command)
        .Add("working_directory", WorkingDirectory)
        .Add("script_path", ScriptPath)
        .Add("script_hash", ScriptHash)
        .Add("started_at", StartedAt)
        .Add("retention_seconds", RetentionSeconds)
        .Add("silence_after_seconds", SilenceAfterSeconds)
        .Add("transport_mode", TransportMode)
        .Add("tty_attached", TtyAttached)
        .Add("terminal", Terminal)
        .Add("streaming", Streaming)
        .Add("restart", Restart)
        .AddRaw("success_codes", JsonText.Numbers(SuccessCodes))
        .Add("allow_input", AllowInput)
        .Add("max_output_bytes", MaxOutputBytes)
        .Add("attempt", Attempt)
        .Add("pid", Pid)
        .Add("pid_start_time", PidStartTime)
        .Add("boot_id", BootId)
        .Add("owner_pid", OwnerPid)
        .Add("owner_start_time", OwnerStartTime)
        .Add("socket", Socket)
        .Add("labels", Labels)
        .Add("host", Host)
        .ToLine();
}
