using System.Globalization;
using System.Text;
using Supervisor.Mcp.Output;
using Supervisor.Mcp.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Tools;

/// <summary>A session as results show it: as the members of a JSON object, and as a line of text.</summary>
internal sealed class SessionText(Masking masking)
{
    private const int MaxShort = 200;

    /// <summary>In a list.</summary>
    private const int MaxListed = 400;

    /// <summary>How long texts, and how many of a kind, an answer about one session has: the first of these with which it is short enough.</summary>
    private static readonly (int Text, int Number)[] Sizes = [(1000, 20), (250, 20), (100, 5), (40, 2)];

    /// <summary>The longest private key in use has fewer lines.</summary>
    private const int KeyLines = 120;

    /// <summary>What a list shows of it.</summary>
    public void WriteShort(ToolAnswer answer, SessionStatus status, string? lastLine) =>
        WriteShort(answer, status, lastLine, MaxListed, MaxShort);

    private void WriteShort(ToolAnswer answer, SessionStatus status, string? lastLine, int most, int mostCommand)
    {
        SessionMeta? meta = status.Meta;
        answer.Json.WriteString("id", status.Id.Value);
        Text(answer, "name", meta?.Name, most);
        answer.Json.WriteString("state", status.State.Word());
        Command(answer, meta, mostCommand);
        Text(answer, "working_directory", meta?.WorkingDirectory, most);
        answer.Json.WriteString("script_hash", meta?.ScriptHash);
        answer.Json.WriteString("terminal", meta?.Terminal);
        answer.Time("started_at", meta?.StartedAt);
        answer.Time("ended_at", status.Final?.EndedAt);
        answer.Number("exit_code", (long?)status.Final?.ExitCode);
        answer.Json.WriteString("signal", status.Final?.Signal);
        answer.Cursor("output_bytes", status.OutputBytes);
        answer.Number("idle_seconds", Idle(status));
        Text(answer, "last_line", lastLine, most);
        answer.Json.WriteBoolean("self", OwnSession.Current.Is(status.Id, meta));
    }

    private void WriteWhole(ToolAnswer answer, SessionStatus status, SessionFiles files, string? lastLine, int most, int number)
    {
        SessionMeta? meta = status.Meta;
        SessionFinal? final = status.Final;
        WriteShort(answer, status, lastLine, most, Math.Min(most, MaxShort));
        answer.Json.WriteString("end_reason", status.EndReason);
        answer.Number("duration_seconds", final?.DurationSeconds);
        Text(answer, "error", final?.Error, most);
        Text(answer, "script_path", meta?.ScriptPath, most);
        answer.Json.WriteString("transport_mode", meta?.TransportMode);
        answer.Flag("tty_attached", meta?.TtyAttached);
        answer.Flag("streaming", meta?.Streaming);
        answer.Json.WriteString("restart", meta?.Restart);
        answer.Flag("allow_input", meta?.AllowInput);
        answer.Number("retention_seconds", meta?.RetentionSeconds);
        answer.Number("silence_after_seconds", meta?.SilenceAfterSeconds);
        answer.Number("max_output_bytes", meta?.MaxOutputBytes);
        answer.Cursor("floor", Math.Min(files.ReadFloor(), status.OutputBytes));
        answer.Number("lost_bytes", status.Gaps?.Bytes ?? 0);
        answer.Number("pid", (long?)meta?.Pid);
        answer.Number("owner_pid", (long?)meta?.OwnerPid);
        answer.Json.WriteString("host", meta?.Host);
        answer.Json.WriteStartArray("success_codes");
        foreach (int code in meta?.SuccessCodes ?? [])
        {
            answer.Json.WriteNumberValue(code);
        }

        answer.Json.WriteEndArray();
        Labels(answer, meta, Math.Min(most, MaxShort), number);
        answer.Json.WriteStartArray("problems");
        foreach (string problem in status.Problems.Take(number))
        {
            answer.Json.WriteStringValue(Clean(problem, most));
        }

        answer.Json.WriteEndArray();
        answer.Number("attempt", (long?)meta?.Attempt);
        Attempts(answer, files, most, number);
    }

    /// <summary>An answer with the member <c>session</c>, with everything; its texts are cut until it is short enough.</summary>
    /// <param name="status">The session.</param>
    /// <param name="files">Its files.</param>
    /// <param name="length">How long it will be; asked before the object is closed.</param>
    /// <param name="result">Makes of it what is returned.</param>
    public T Fitting<T>(SessionStatus status, SessionFiles files, Func<ToolAnswer, int> length, Func<ToolAnswer, T> result)
    {
        status = RecordingGaps.Of(files) is { } gaps ? status with { Gaps = gaps } : status;
        string? lastLine = LastLine(files);
        for (int i = 0; ; i++)
        {
            using ToolAnswer answer = new();
            answer.Json.WriteStartObject("session");
            WriteWhole(answer, status, files, lastLine, Sizes[i].Text, Sizes[i].Number);
            answer.Json.WriteEndObject();
            if (i == Sizes.Length - 1 || length(answer) <= Wire.MaxResult)
            {
                return result(answer);
            }
        }
    }

    /// <summary>One line: id, state, name, command, and its last line.</summary>
    public string Line(SessionStatus status, string? lastLine)
    {
        StringBuilder line = new();
        line.Append(status.Id.Value).Append("  ").Append(Result(status));
        if (status.Meta?.Name is { } name)
        {
            line.Append("  name=").Append(Clean(name, MaxShort));
        }

        if (status.Meta is { } meta)
        {
            line.Append("  started=").Append(meta.StartedAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        line.Append(CultureInfo.InvariantCulture, $"  bytes={status.OutputBytes}");
        line.Append(OwnSession.Current.Is(status.Id, status.Meta) ? "  self" : "");
        line.Append("  $ ").Append(Clean(string.Join(' ', masking.Mask(status.Meta?.Command ?? [])), MaxShort));
        if (lastLine is not null)
        {
            line.Append("  | ").Append(Clean(lastLine, MaxShort));
        }

        return line.ToString();
    }

    /// <summary><c>running</c>, <c>exited 3</c>, <c>signaled SIGTERM</c>.</summary>
    public static string Result(SessionStatus status) => status.State switch
    {
        SessionState.Exited => string.Create(CultureInfo.InvariantCulture, $"exited {status.Final?.ExitCode}"),
        SessionState.Signaled => $"signaled {status.Final?.Signal}",
        _ => status.State.Word(),
    };

    /// <summary>The last line with something on it; null when there is none.</summary>
    public string? LastLine(SessionFiles? files)
    {
        if (files is null || LastLines.Of(files, 1) is not [.., var line])
        {
            return null;
        }

        bool inKey = masking.IsEnabled && KeyBlock.CouldHold(line)
            && new KeyBlock(string.Join('\n', LastLines.Of(files, KeyLines).SkipLast(1))).Holds(line);
        return inKey ? new string('*', line.Length) : line;
    }

    /// <summary><c>1 session</c>, <c>2 sessions</c>.</summary>
    public static string Count(int number, string one, string? several = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : several ?? one + "s")}");

    private static double? Idle(SessionStatus status) =>
        status.LastActive is { } since ? Math.Max(0, (TimeProvider.System.GetUtcNow().UtcDateTime - since).TotalSeconds) : null;

    private void Command(ToolAnswer answer, SessionMeta? meta, int most)
    {
        int left = most;
        answer.Json.WriteStartArray("command");
        foreach (string word in masking.Mask(meta?.Command ?? []))
        {
            if (left <= 0)
            {
                answer.Json.WriteStringValue("…");
                break;
            }

            answer.Json.WriteStringValue(Clean(word, left));
            left -= word.Length + 1;
        }

        answer.Json.WriteEndArray();
    }

    private void Labels(ToolAnswer answer, SessionMeta? meta, int most, int number)
    {
        answer.Json.WriteStartObject("labels");
        foreach ((string key, string value) in (meta?.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal))
            .OrderBy(l => l.Key, StringComparer.Ordinal).Take(number))
        {
            answer.Json.WriteString(Clean(key, most), Clean(value, most));
        }

        answer.Json.WriteEndObject();
    }

    private void Attempts(ToolAnswer answer, SessionFiles files, int most, int number)
    {
        answer.Json.WriteStartArray("attempts");
        foreach (AttemptRecord attempt in files.ReadAttempts().TakeLast(number))
        {
            answer.Json.WriteStartObject();
            answer.Json.WriteNumber("attempt", attempt.Attempt);
            answer.Number("pid", (long?)attempt.Pid);
            answer.Time("started_at", attempt.StartedAt);
            answer.Cursor("start_cursor", attempt.StartCursor);
            answer.Time("ended_at", attempt.EndedAt);
            answer.Number("exit_code", (long?)attempt.ExitCode);
            answer.Json.WriteString("signal", attempt.Signal);
            answer.Json.WriteString("end_cursor", attempt.EndCursor?.ToString(CultureInfo.InvariantCulture));
            Text(answer, "error", attempt.Error, most);
            answer.Json.WriteEndObject();
        }

        answer.Json.WriteEndArray();
    }

    private void Text(ToolAnswer answer, string name, string? value, int most) =>
        answer.Json.WriteString(name, value is null ? null : Clean(value, most));

    /// <summary>One line, masked, without what could act on who shows it.</summary>
    private string Clean(string text, int most)
    {
        string clean = Printable.Line(masking.Mask(text));
        return clean.Length <= most ? clean : clean[..(char.IsHighSurrogate(clean[most - 1]) ? most - 1 : most)] + "…";
    }
}
