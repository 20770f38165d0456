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

    /// <summary><c>exit</c>, <c>start-failed</c> or <c>owner-lost</c>.</summary>
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

    /// <summary>Processes of the session that outlived it.</summary>
    public IReadOnlyList<Survivor> Survivors { get; init; } = [];

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
    internal string ToJson() =>
        new JsonText().Add("pid", Pid).Add("start_time", StartTime).Add("command", Command).ToString();
}
