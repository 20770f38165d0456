namespace Supervisor.Protocol.Files;

/// <summary><c>final.json</c>: how the session ended. Written atomically, once, when no further attempt will follow.</summary>
public sealed record SessionFinal
{
    public string SchemaVersion { get; init; } = Schema.Version;

    public required string Id { get; init; }

    /// <summary>It counts only if this is the attempt that <c>meta.json</c> names.</summary>
    public required int Attempt { get; init; }

    /// <summary><c>exited signaled failed lost</c>; see <see cref="SessionState"/>.</summary>
    public required string State { get; init; }

    /// <summary><c>exit user-stop gave-up start-failed owner-lost reboot</c>.</summary>
    public required string EndReason { get; init; }

    public required DateTime EndedAt { get; init; }

    /// <summary>0 to 255; null when the command died of a signal or never started.</summary>
    public int? ExitCode { get; init; }

    /// <summary><c>SIGTERM</c> and the like; null unless the command died of it.</summary>
    public string? Signal { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>The transcript's end cursor: all bytes ever stored, freed ones included.</summary>
    public required long OutputBytes { get; init; }

    public string? Error { get; init; }

    /// <summary>The boot in which this was written; null in files of before.</summary>
    public string? BootId { get; init; }

    /// <summary>Processes of the session that outlived it.</summary>
    public IReadOnlyList<Survivor> Survivors { get; init; } = [];

    /// <summary>What the file says. Fields that are not known are ignored.</summary>
    /// <returns>Null for what is no such file: torn, or without something that each must have.</returns>
    public static SessionFinal? Read(ReadOnlySpan<byte> json)
    {
        string? schema = Schema.Version, id = null, state = null, reason = null, signal = null, error = null, bootId = null;
        int? attempt = null, exitCode = null;
        DateTime? endedAt = null;
        double? duration = null;
        long? output = null;
        IReadOnlyList<Survivor>? survivors = [];

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
            else if (fields.Is("attempt"u8))
            {
                attempt = fields.Int();
            }
            else if (fields.Is("state"u8))
            {
                state = fields.Text();
            }
            else if (fields.Is("end_reason"u8))
            {
                reason = fields.Text();
            }
            else if (fields.Is("ended_at"u8))
            {
                endedAt = fields.Time();
            }
            else if (fields.Is("exit_code"u8))
            {
                exitCode = fields.Int();
            }
            else if (fields.Is("signal"u8))
            {
                signal = fields.Text();
            }
            else if (fields.Is("duration_seconds"u8))
            {
                duration = fields.Double();
            }
            else if (fields.Is("output_bytes"u8))
            {
                output = fields.Long();
            }
            else if (fields.Is("error"u8))
            {
                error = fields.Text();
            }
            else if (fields.Is("boot_id"u8))
            {
                bootId = fields.Text();
            }
            else if (fields.Is("survivors"u8))
            {
                survivors = Survivor.ReadAll(fields.Objects(json));
            }
        }

        if (!fields.IsValid || schema is null || id is null || attempt is null || state is null || reason is null || endedAt is null
            || duration is null || output is null || survivors is null)
        {
            return null;
        }

        return new SessionFinal
        {
            SchemaVersion = schema,
            Id = id,
            Attempt = attempt.Value,
            State = state,
            EndReason = reason,
            EndedAt = endedAt.Value,
            ExitCode = exitCode,
            Signal = signal,
            DurationSeconds = duration.Value,
            OutputBytes = output.Value,
            Error = error,
            BootId = bootId,
            Survivors = survivors,
        };
    }

    /// <summary>The file's content.</summary>
    public byte[] ToLine() => new JsonText()
        .Add("schema_version", SchemaVersion)
        .Add("id", Id)
        .Add("attempt", Attempt)
        .Add("state", State)
        .Add("end_reason", EndReason)
        .Add("ended_at", EndedAt)
        .Add("exit_code", ExitCode)
        .Add("signal", Signal)
        .Add("duration_seconds", DurationSeconds)
        .Add("output_bytes", OutputBytes)
        .Add("error", Error)
        .Add("boot_id", BootId)
        .AddRaw("survivors", SurvivorsJson())
        .ToLine();

    private List<string> SurvivorsJson()
    {
        List<string> texts = [];
        foreach (Survivor survivor in Survivors)
        {
            texts.Add(survivor.ToJson());
        }

        return texts;
    }
}

/// <summary>A process that lives on after its session's end.</summary>
public sealed record Survivor(int Pid, long StartTime, string Command)
{
    /// <summary>Null when there is no list, or something in it is no survivor.</summary>
    internal static List<Survivor>? ReadAll(List<byte[]>? objects)
    {
        List<Survivor> survivors = [];
        for (int i = 0; i < objects?.Count; i++)
        {
            int? pid = null;
            long? startTime = null;
            string? command = null;
            JsonFields fields = new(objects[i]);
            while (fields.Next())
            {
                if (fields.Is("pid"u8))
                {
                    pid = fields.Int();
                }
                else if (fields.Is("start_time"u8))
                {
                    startTime = fields.Long();
                }
                else if (fields.Is("command"u8))
                {
                    command = fields.Text();
                }
            }

            if (!fields.IsValid || pid is null || startTime is null || command is null)
            {
                return null;
            }

            survivors.Add(new Survivor(pid.Value, startTime.Value, command));
        }

        return objects is null ? null : survivors;
    }

    internal string ToJson() =>
        new JsonText().Add("pid", Pid).Add("start_time", StartTime).Add("command", Command).ToString();
}
