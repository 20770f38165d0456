using System.Text.Json.Serialization;
using Supervisor.Protocol.Values;

namespace Supervisor.Protocol.Files;

/// <summary>
/// <c>spec.json</c> of a supervised session: how each attempt of it is started. It holds the caller's environment, and so perhaps
/// secrets: it is never shown, exported or journaled.
/// </summary>
public sealed record SessionSpec
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(StringComparer.Ordinal);

    public string SchemaVersion { get; init; } = Schema.Version;

    public required string Id { get; init; }

    public string? Name { get; init; }

    /// <summary>The program and its arguments, as bytes: they need not be text.</summary>
    public required IReadOnlyList<byte[]> Command { get; init; }

    /// <summary><c>NAME=value</c> entries of the caller, without sup's own.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    /// <summary>Absolute.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>The caller's file mode creation mask, 0 to 0777.</summary>
    public int Umask { get; init; } = 0x12;

    /// <summary>-20 to 19.</summary>
    public int Niceness { get; init; }

    /// <summary>The caller's soft limits by resource number (getrlimit(2)); -1 is unlimited.</summary>
    public IReadOnlyDictionary<string, string> SoftLimits { get; init; } = NoLabels;

    /// <summary>Seconds after the session's end.</summary>
    public required long RetentionSeconds { get; init; }

    /// <summary>Seconds without output after which the session is idle; 0: never.</summary>
    public double SilenceAfterSeconds { get; init; } = 30;

    public required long MaxOutputBytes { get; init; }

    /// <summary>Whether the command gets a terminal; else its stdin is /dev/null, and its output goes to pipes.</summary>
    public bool Pty { get; init; } = true;

    public int Columns { get; init; } = 80;

    public int Rows { get; init; } = 24;

    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoLabels;

    public string? ScriptPath { get; init; }

    public string? ScriptHash { get; init; }

    /// <summary>A signal's name.</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>Milliseconds between it and SIGKILL.</summary>
    public long StopTimeoutMs { get; init; } = 10_000;

    /// <summary>A restart policy (RestartPolicy), as meta.json has it.</summary>
    public string Restart { get; init; } = "no";

    /// <summary>Milliseconds before the first restart; doubled for each that follows without a <see cref="RestartResetMs"/> of running.</summary>
    public long RestartDelayMs { get; init; } = 1000;

    /// <summary>The longest delay, in milliseconds.</summary>
    public long RestartMaxDelayMs { get; init; } = 30_000;

    /// <summary>Milliseconds of running after which a command counts as stable: the delays begin anew.</summary>
    public long RestartResetMs { get; init; } = 60_000;

    /// <summary>Exit codes that are no failure, 128+n for signal n.</summary>
    public IReadOnlyList<int> SuccessCodes { get; init; } = [0];

    /// <summary>Whether the restart policy is one, its times are from 0 to 24 h and in order, and the codes from 0 to 255.</summary>
    [JsonIgnore]
    public bool HasValidRestart
    {
        get
        {
            const long longest = 24 * 60 * 60 * 1000;
            bool codes = true;
            foreach (int code in SuccessCodes)
            {
                codes &= code is >= 0 and <= 255;
            }

            return codes && RestartPolicy.TryParse(Restart, out _)
                && RestartDelayMs >= 0 && RestartDelayMs <= RestartMaxDelayMs && RestartMaxDelayMs <= longest && RestartResetMs is >= 0 and <= longest;
        }
    }

    /// <summary>What the file, or a request, says. Unknown fields are ignored.</summary>
    /// <returns>Null for what is no such file.</returns>
    public static SessionSpec? Read(ReadOnlySpan<byte> json)
    {
        string? schema = Schema.Version, id = null, name = null, directory = null, command = null, environment = null;
        string? scriptPath = null, scriptHash = null, stopSignal = "SIGTERM", restart = "no";
        int? umask = 0x12, niceness = 0, columns = 80, rows = 24;
        long? retention = null, maxOutput = null, stopTimeout = 10_000, delay = 1000, maxDelay = 30_000, reset = 60_000;
        IReadOnlyList<int>? successCodes = [0];
        bool? pty = true;
        double? silence = 30;
        IReadOnlyDictionary<string, string>? limits = NoLabels, labels = NoLabels;

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
                command = fields.Text();
            }
            else if (fields.Is("environment"u8))
            {
                environment = fields.Text();
            }
            else if (fields.Is("working_directory"u8))
            {
                directory = fields.Text();
            }
            else if (fields.Is("umask"u8))
            {
                umask = fields.Int();
            }
            else if (fields.Is("niceness"u8))
            {
                niceness = fields.Int();
            }
            else if (fields.Is("soft_limits"u8))
            {
                limits = fields.Pairs();
            }
            else if (fields.Is("retention_seconds"u8))
            {
                retention = fields.Long();
            }
            else if (fields.Is("silence_after_seconds"u8))
            {
                silence = fields.Double();
            }
            else if (fields.Is("max_output_bytes"u8))
            {
                maxOutput = fields.Long();
            }
            else if (fields.Is("pty"u8))
            {
                pty = fields.Bool();
            }
            else if (fields.Is("columns"u8))
            {
                columns = fields.Int();
            }
            else if (fields.Is("rows"u8))
            {
                rows = fields.Int();
            }
            else if (fields.Is("labels"u8))
            {
                labels = fields.Pairs();
            }
            else if (fields.Is("script_path"u8))
            {
                scriptPath = fields.Text();
            }
            else if (fields.Is("script_hash"u8))
            {
                scriptHash = fields.Text();
            }
            else if (fields.Is("stop_signal"u8))
            {
                stopSignal = fields.Text();
            }
            else if (fields.Is("stop_timeout_ms"u8))
            {
                stopTimeout = fields.Long();
            }
            else if (fields.Is("restart"u8))
            {
                restart = fields.Text();
            }
            else if (fields.Is("restart_delay_ms"u8))
            {
                delay = fields.Long();
            }
            else if (fields.Is("restart_max_delay_ms"u8))
            {
                maxDelay = fields.Long();
            }
            else if (fields.Is("restart_reset_ms"u8))
            {
                reset = fields.Long();
            }
            else if (fields.Is("success_codes"u8))
            {
                successCodes = fields.Ints();
            }
        }

        if (!fields.IsValid || schema is null || id is null || directory is null || umask is null || niceness is null || limits is null
            || retention is null || !(silence >= 0) || maxOutput is null || pty is null || columns is null || rows is null || labels is null
            || stopSignal is null || stopTimeout is null || restart is null || delay is null || maxDelay is null || reset is null || successCodes is null
            || Strings(command) is not { Count: > 0 } arguments || Strings(environment) is not { } variables)
        {
            return null;
        }

        return new SessionSpec
        {
            SchemaVersion = schema,
            Id = id,
            Name = name,
            Command = arguments,
            Environment = variables,
            WorkingDirectory = directory,
            Umask = umask.Value,
            Niceness = niceness.Value,
            SoftLimits = limits,
            RetentionSeconds = retention.Value,
            SilenceAfterSeconds = silence.Value,
            MaxOutputBytes = maxOutput.Value,
            Pty = pty.Value,
            Columns = columns.Value,
            Rows = rows.Value,
            Labels = labels,
            ScriptPath = scriptPath,
            ScriptHash = scriptHash,
            StopSignal = stopSignal,
            StopTimeoutMs = stopTimeout.Value,
            Restart = restart,
            RestartDelayMs = delay.Value,
            RestartMaxDelayMs = maxDelay.Value,
            RestartResetMs = reset.Value,
            SuccessCodes = successCodes,
        };
    }

    /// <summary>The file's content.</summary>
    public byte[] ToLine() => new JsonText()
        .Add("schema_version", SchemaVersion)
        .Add("id", Id)
        .Add("name", Name)
        .Add("command", Base64(Command))
        .Add("environment", Base64(Environment))
        .Add("working_directory", WorkingDirectory)
        .Add("umask", Umask)
        .Add("niceness", Niceness)
        .Add("soft_limits", SoftLimits)
        .Add("retention_seconds", RetentionSeconds)
        .Add("silence_after_seconds", SilenceAfterSeconds)
        .Add("max_output_bytes", MaxOutputBytes)
        .Add("pty", Pty)
        .Add("columns", Columns)
        .Add("rows", Rows)
        .Add("labels", Labels)
        .Add("script_path", ScriptPath)
        .Add("script_hash", ScriptHash)
        .Add("stop_signal", StopSignal)
        .Add("stop_timeout_ms", StopTimeoutMs)
        .Add("restart", Restart)
        .Add("restart_delay_ms", RestartDelayMs)
        .Add("restart_max_delay_ms", RestartMaxDelayMs)
        .Add("restart_reset_ms", RestartResetMs)
        .AddRaw("success_codes", JsonText.Numbers(SuccessCodes))
        .ToLine();

    /// <summary>Strings as execve(2) takes them, each with a NUL behind it, in base64: JSON holds no bytes.</summary>
    private static string Base64(IReadOnlyList<byte[]> strings)
    {
        using MemoryStream stream = new();
        for (int i = 0; i < strings.Count; i++)
        {
            stream.Write(strings[i]);
            stream.WriteByte(0);
        }

        return Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static List<byte[]>? Strings(string? base64)
    {
        byte[] bytes = new byte[base64?.Length ?? 0];
        if (base64 is null || !Convert.TryFromBase64String(base64, bytes, out int length))
        {
            return null;
        }

        List<byte[]> strings = [];
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, length);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            end = end < 0 ? rest.Length : end;
            strings.Add(rest[..end].ToArray());
            rest = rest[Math.Min(rest.Length, end + 1)..];
        }

        return strings;
    }
}
