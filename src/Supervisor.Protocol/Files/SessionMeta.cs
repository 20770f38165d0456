using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Files;

/// <summary>
/// <c>meta.json</c>: what was started, by whom and how. Written atomically before the command starts, and again
/// with its pid. Readers ignore fields they do not know.
/// </summary>
public sealed record SessionMeta
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(StringComparer.Ordinal);

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

    /// <summary>A restart policy (RestartPolicy).</summary>
    public string Restart { get; init; } = "no";

    /// <summary>Whether a command that ended may be started again without anybody asking.</summary>
    [JsonIgnore]
    public bool IsRestarted => !string.Equals(Restart, "no", StringComparison.Ordinal);

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

    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoLabels;

    public required string Host { get; init; }

    /// <summary>What the file says. Fields that are not known are ignored.</summary>
    /// <returns>Null for what is no such file: torn, or without something that each must have.</returns>
    public static SessionMeta? Read(ReadOnlySpan<byte> json)
    {
        string? schema = Schema.Version, id = null, name = null, directory = null, scriptPath = null, scriptHash = null, transport = null;
        string? terminal = "external", restart = "no", bootId = null, socket = null, host = null;
        IReadOnlyList<string>? command = null;
        IReadOnlyList<int>? successCodes = [0];
        IReadOnlyDictionary<string, string>? labels = NoLabels;
        DateTime? startedAt = null;
        long? retention = null, maxOutput = null, startTime = null, ownerStartTime = null;
        double? silence = 30;
        bool? tty = false, streaming = false, input = false;
        int? attempt = 1, pid = null, ownerPid = null;

        JsonFields fields = new(json);
        while (fields.Next())
        {
            if (fields.Is("schema_version"u8))
            {
                schema = fields.Text();
            }
            else if (fields.Is("id"u8))
            {
                id = fields.Text();
            }
            else if (fields.Is("name"u8))
            {
                name = fields.Text();
            }
            else if (fields.Is("command"u8))
            {
                command = fields.Texts();
            }
            else if (fields.Is("working_directory"u8))
            {
                directory = fields.Text();
            }
            else if (fields.Is("script_path"u8))
            {
                scriptPath = fields.Text();
            }
            else if (fields.Is("script_hash"u8))
            {
                scriptHash = fields.Text();
            }
            else if (fields.Is("started_at"u8))
            {
                startedAt = fields.Time();
            }
            else if (fields.Is("retention_seconds"u8))
            {
                retention = fields.Long();
            }
            else if (fields.Is("silence_after_seconds"u8))
            {
                silence = fields.Double();
            }
            else if (fields.Is("transport_mode"u8))
            {
                transport = fields.Text();
            }
            else if (fields.Is("tty_attached"u8))
            {
                tty = fields.Bool();
            }
            else if (fields.Is("terminal"u8))
            {
                terminal = fields.Text();
            }
            else if (fields.Is("streaming"u8))
            {
                streaming = fields.Bool();
            }
            else if (fields.Is("restart"u8))
            {
                restart = fields.Text();
            }
            else if (fields.Is("success_codes"u8))
            {
                successCodes = fields.Ints();
            }
            else if (fields.Is("allow_input"u8))
            {
                input = fields.Bool();
            }
            else if (fields.Is("max_output_bytes"u8))
            {
                maxOutput = fields.Long();
            }
            else if (fields.Is("attempt"u8))
            {
                attempt = fields.Int();
            }
            else if (fields.Is("pid"u8))
            {
                pid = fields.Int();
            }
            else if (fields.Is("pid_start_time"u8))
            {
                startTime = fields.Long();
            }
            else if (fields.Is("boot_id"u8))
            {
                bootId = fields.Text();
            }
            else if (fields.Is("owner_pid"u8))
            {
                ownerPid = fields.Int();
            }
            else if (fields.Is("owner_start_time"u8))
            {
                ownerStartTime = fields.Long();
            }
            else if (fields.Is("socket"u8))
            {
                socket = fields.Text();
            }
            else if (fields.Is("labels"u8))
            {
                labels = fields.Pairs();
            }
            else if (fields.Is("host"u8))
            {
                host = fields.Text();
            }
        }

        if (!fields.IsValid || schema is null || id is null || command is null || startedAt is null || retention is null
            || silence is null || transport is null || tty is null || terminal is null || streaming is null || restart is null
            || successCodes is null || input is null || maxOutput is null || attempt is null || bootId is null || ownerPid is null
            || ownerStartTime is null || labels is null || host is null)
        {
            return null;
        }

        return new SessionMeta
        {
            SchemaVersion = schema,
            Id = id,
            Name = name,
            Command = command,
            WorkingDirectory = directory,
            ScriptPath = scriptPath,
            ScriptHash = scriptHash,
            StartedAt = startedAt.Value,
            RetentionSeconds = retention.Value,
            SilenceAfterSeconds = silence.Value,
            TransportMode = transport,
            TtyAttached = tty.Value,
            Terminal = terminal,
            Streaming = streaming.Value,
            Restart = restart,
            SuccessCodes = successCodes,
            AllowInput = input.Value,
            MaxOutputBytes = maxOutput.Value,
            Attempt = attempt.Value,
            Pid = pid,
            PidStartTime = startTime,
            BootId = bootId,
            OwnerPid = ownerPid.Value,
            OwnerStartTime = ownerStartTime.Value,
            Socket = socket,
            Labels = labels,
            Host = host,
        };
    }

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
