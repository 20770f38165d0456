using System.Text;

namespace Supervisor.Protocol.Files;

/// <summary>One line of <c>history.jsonl</c>: what is left of a session when its time to be kept was over.</summary>
public sealed record HistoryEntry
{
    private const int MaxText = 4096;
    private const int MaxList = 16 * 1024;

    public string SchemaVersion { get; init; } = Schema.Version;

    public required string Id { get; init; }

    public string? Name { get; init; }

    /// <summary><c>expired</c>.</summary>
    public string? State { get; init; }

    /// <summary>The state it ended in: <c>exited signaled failed lost</c>.</summary>
    public string? Result { get; init; }

    /// <summary>The command and its arguments; those beyond 16 KiB are left out, with <c>…</c> in their place.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    public string? WorkingDirectory { get; init; }

    public string? ScriptPath { get; init; }

    public string? ScriptHash { get; init; }

    public DateTime? StartedAt { get; init; }

    public DateTime? EndedAt { get; init; }

    public required DateTime ExpiredAt { get; init; }

    public double? DurationSeconds { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public string? EndReason { get; init; }

    public string? Error { get; init; }

    public long? OutputBytes { get; init; }

    public IReadOnlyList<int>? SuccessCodes { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public string? TransportMode { get; init; }

    public bool? TtyAttached { get; init; }

    public string? Terminal { get; init; }

    public int? Attempt { get; init; }

    public long? RetentionSeconds { get; init; }

    public string? Host { get; init; }

    /// <summary>Tells two lines of one removal from those of two sessions that had the same id.</summary>
    public string? Removal { get; init; }

    /// <summary>The line of a session, from what its files say. What they say wrongly is left out.</summary>
    /// <param name="id">The session's id.</param>
    /// <param name="removal">See <see cref="Removal"/>.</param>
    /// <param name="meta">The fields of meta.json, or of nothing.</param>
    /// <param name="final">The fields of final.json if it counts, or of nothing: then the session is lost.</param>
    /// <param name="endedAt">When it ended, as far as can be told.</param>
    /// <param name="expiredAt">Now.</param>
    public static byte[] Line(string id, string removal, RawFields meta, RawFields final, DateTime endedAt, DateTime expiredAt) =>
        new JsonText()
            .Add("schema_version", Schema.Version)
            .Add("id", id)
            .AddRaw("name", Text(meta.Raw("name"u8)))
            .Add("state", "expired")
            .Add("result", final.Plain("state"u8) ?? "lost")
            .AddRaw("command", List(meta.Raw("command"u8)))
            .AddRaw("working_directory", Text(meta.Raw("working_directory"u8)))
            .AddRaw("script_path", Text(meta.Raw("script_path"u8)))
            .AddRaw("script_hash", Text(meta.Raw("script_hash"u8)))
            .Add("started_at", Time(meta, "started_at"u8))
            .Add("ended_at", endedAt)
            .Add("expired_at", expiredAt)
            .AddRaw("duration_seconds", Number(final.Raw("duration_seconds"u8)))
            .Add("exit_code", Small(final.Integer("exit_code"u8)))
            .AddRaw("signal", Text(final.Raw("signal"u8)))
            .Add("end_reason", final.Plain("end_reason"u8) ?? "owner-lost")
            .AddRaw("error", Text(final.Raw("error"u8)))
            .Add("output_bytes", final.Integer("output_bytes"u8))
            .AddRaw("success_codes", Codes(meta.Raw("success_codes"u8)))
            .AddRaw("labels", LabelsOf(meta.Raw("labels"u8)))
            .AddRaw("transport_mode", Text(meta.Raw("transport_mode"u8)))
            .AddRaw("tty_attached", meta.Raw("tty_attached"u8) is [(byte)'t', ..] ? "true" : "false")
            .AddRaw("terminal", Text(meta.Raw("terminal"u8)))
            .Add("attempt", Small(meta.Integer("attempt"u8)))
            .Add("retention_seconds", meta.Integer("retention_seconds"u8))
            .AddRaw("host", Text(meta.Raw("host"u8)))
            .Add("removal", removal)
            .ToLine();

    private static DateTime? Time(RawFields fields, ReadOnlySpan<byte> name) =>
        Values.Timestamp.TryParse(fields.Plain(name), out DateTime time) ? time : null;

    private static long? Small(long? number) => number is >= int.MinValue and <= int.MaxValue ? number : null;

    private static string Text(ReadOnlySpan<byte> raw) =>
        raw is [(byte)'"', ..] && raw.Length <= MaxText ? Encoding.UTF8.GetString(raw) : "null";

    private static string Number(ReadOnlySpan<byte> raw) =>
        raw is [(byte)'-' or (>= (byte)'0' and <= (byte)'9'), ..] && raw.Length <= 32 ? Encoding.UTF8.GetString(raw) : "null";

    private static string List(ReadOnlySpan<byte> raw)
    {
        StringBuilder list = new("[");
        int at = 1;
        while (raw is [(byte)'[', ..] && RawFields.NextElement(raw, ref at, out ReadOnlySpan<byte> element))
        {
            bool fits = list.Length + element.Length <= MaxList;
            if (element[0] == '"')
            {
                list.Append(list.Length == 1 ? "" : ",").Append(fits ? Encoding.UTF8.GetString(element) : "\"…\"");
            }

            if (!fits)
            {
                break;
            }
        }

        return list.Append(']').ToString();
    }

    private static string Codes(ReadOnlySpan<byte> raw)
    {
        StringBuilder list = new("[");
        int at = 1;
        while (raw is [(byte)'[', ..] && RawFields.NextElement(raw, ref at, out ReadOnlySpan<byte> element) && list.Length < MaxText)
        {
            // An exit code has at most three digits.
            if (element.Length <= 3 && element[0] is >= (byte)'0' and <= (byte)'9' && element.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
            {
                list.Append(list.Length == 1 ? "" : ",").Append(Encoding.UTF8.GetString(element));
            }
        }

        return list.Append(']').ToString();
    }

    /// <summary>An object of strings only, or an empty one.</summary>
    private static string LabelsOf(ReadOnlySpan<byte> raw)
    {
        int at = 1;
        bool isValue = false;
        bool good = raw is [(byte)'{', ..] && raw.Length <= MaxList;
        while (good && RawFields.NextElement(raw, ref at, out ReadOnlySpan<byte> element))
        {
            good = element[0] == '"';
            if (!isValue)
            {
                at = raw[at..].IndexOf((byte)':') + at + 1;
            }

            isValue = !isValue;
        }

        return good ? Encoding.UTF8.GetString(raw) : "{}";
    }
}
