using System.Globalization;
using System.Text.Json;
using Supervisor.Protocol.Files;

namespace Supervisor.Protocol.Live;

/// <summary>
/// One frame of the live socket, either way: a flat JSON object. <see cref="Type"/> says what it is, and which of the other
/// fields count; those that are not set are not sent, and unknown ones are ignored. See docs/live-socket.md.
/// </summary>
public sealed record LiveMessage
{
    /// <summary>One of <see cref="LiveMessageType"/>.</summary>
    public required string Type { get; init; }

    /// <summary>Chosen by who asks, from 1; the answer carries it.</summary>
    public long? Id { get; init; }

    public int? ProtocolMin { get; init; }

    public int? ProtocolMax { get; init; }

    /// <summary>In the owner's hello: the version both go on with.</summary>
    public int? Protocol { get; init; }

    /// <summary>In the owner's hello: sup's version.</summary>
    public string? Version { get; init; }

    /// <summary>What the client is for; <c>viewer</c>, <c>operator</c>, <c>reader</c> or <c>daemon</c>.</summary>
    public string? Role { get; init; }

    /// <summary>The session's id.</summary>
    public string? Session { get; init; }

    /// <summary>The session's name.</summary>
    public string? Name { get; init; }

    public string? State { get; init; }

    public int? Pid { get; init; }

    /// <summary>Bytes stored so far: what can be read now.</summary>
    public long? End { get; init; }

    /// <summary>Bytes the command printed that are not stored.</summary>
    public long? LostBytes { get; init; }

    /// <summary>Why nothing is stored at present, for a person.</summary>
    public string? Problem { get; init; }

    /// <summary>How many connections there are.</summary>
    public int? Connections { get; init; }

    /// <summary>A signal's name, such as <c>SIGTERM</c>.</summary>
    public string? Signal { get; init; }

    /// <summary>Milliseconds between the stop signal and SIGKILL.</summary>
    public long? GraceMs { get; init; }

    /// <summary>Which daemon speaks, or which one the owner has last obeyed: each has a higher number than those before it.</summary>
    public long? Epoch { get; init; }

    /// <summary>The attempt meant.</summary>
    public int? Attempt { get; init; }

    /// <summary>In a stop: the attempt to begin when it is done; the session then goes on.</summary>
    public int? Then { get; init; }

    /// <summary>When the pid's process began, in clock ticks since boot.</summary>
    public long? PidStartTime { get; init; }

    /// <summary>How an attempt ended, 0 to 255.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How long an ended attempt ran, in milliseconds, by a clock that nobody can set.</summary>
    public long? UptimeMs { get; init; }

    /// <summary>How long ago an attempt ended, in milliseconds, by the same clock.</summary>
    public long? EndedAgoMs { get; init; }

    /// <summary>In a backoff: milliseconds until the next attempt.</summary>
    public long? DueMs { get; init; }

    /// <summary>In a status: when the next attempt is due, RFC 3339.</summary>
    public string? NextAttemptAt { get; init; }

    /// <summary>In a status: <c>daemon</c> where nothing goes on before there is one.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>In a close: the session's <c>end_reason</c>.</summary>
    public string? EndReason { get; init; }

    /// <summary>One of <see cref="Errors.ErrorCode"/>.</summary>
    public string? Code { get; init; }

    /// <summary>What failed and why, for a person.</summary>
    public string? Message { get; init; }

    /// <summary>The message as JSON in UTF-8, without a newline.</summary>
    public byte[] ToJson()
    {
        JsonText json = new JsonText().Add("type", Type);
        Add(json, "id", Id);
        Add(json, "protocol_min", ProtocolMin);
        Add(json, "protocol_max", ProtocolMax);
        Add(json, "protocol", Protocol);
        Add(json, "version", Version);
        Add(json, "role", Role);
        Add(json, "session", Session);
        Add(json, "name", Name);
        Add(json, "state", State);
        Add(json, "pid", Pid);
        Add(json, "end", End?.ToString(CultureInfo.InvariantCulture));
        Add(json, "lost_bytes", LostBytes);
        Add(json, "problem", Problem);
        Add(json, "connections", Connections);
        Add(json, "signal", Signal);
        Add(json, "grace_ms", GraceMs);
        Add(json, "epoch", Epoch);
        Add(json, "attempt", Attempt);
        Add(json, "then", Then);
        Add(json, "pid_start_time", PidStartTime);
        Add(json, "exit_code", ExitCode);
        Add(json, "uptime_ms", UptimeMs);
        Add(json, "ended_ago_ms", EndedAgoMs);
        Add(json, "due_ms", DueMs);
        Add(json, "next_attempt_at", NextAttemptAt);
        Add(json, "waiting_for", WaitingFor);
        Add(json, "end_reason", EndReason);
        Add(json, "code", Code);
        Add(json, "message", Message);
        return json.ToLine()[..^1];
    }

    /// <summary>Null for what is not an object with a type, or has a field of the wrong kind.</summary>
    public static LiveMessage? Parse(ReadOnlySpan<byte> utf8)
    {
        // By hand: the serializer would compile code in the middle of a run that someone begins to watch.
        try
        {
            Utf8JsonReader json = new(utf8);
            return json.Read() && json.TokenType == JsonTokenType.StartObject ? ParseFields(ref json) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static LiveMessage? ParseFields(ref Utf8JsonReader json)
    {
        LiveMessage message = new() { Type = "" };
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string? name = json.GetString();
            json.Read();
            message = name switch
            {
                "type" => message with { Type = json.GetString() ?? "" },
                "id" => message with { Id = Number(ref json) },
                "protocol_min" => message with { ProtocolMin = (int?)Number(ref json) },
                "protocol_max" => message with { ProtocolMax = (int?)Number(ref json) },
                "protocol" => message with { Protocol = (int?)Number(ref json) },
                "version" => message with { Version = json.GetString() },
                "role" => message with { Role = json.GetString() },
                "session" => message with { Session = json.GetString() },
                "name" => message with { Name = json.GetString() },
                "state" => message with { State = json.GetString() },
                "pid" => message with { Pid = (int?)Number(ref json) },
                "end" => message with { End = Cursor(ref json) },
                "lost_bytes" => message with { LostBytes = Number(ref json) },
                "problem" => message with { Problem = json.GetString() },
                "connections" => message with { Connections = (int?)Number(ref json) },
                "signal" => message with { Signal = json.GetString() },
                "grace_ms" => message with { GraceMs = Number(ref json) },
                "epoch" => message with { Epoch = Number(ref json) },
                "attempt" => message with { Attempt = (int?)Number(ref json) },
                "then" => message with { Then = (int?)Number(ref json) },
                "pid_start_time" => message with { PidStartTime = Number(ref json) },
                "exit_code" => message with { ExitCode = (int?)Number(ref json) },
                "uptime_ms" => message with { UptimeMs = Number(ref json) },
                "ended_ago_ms" => message with { EndedAgoMs = Number(ref json) },
                "due_ms" => message with { DueMs = Number(ref json) },
                "next_attempt_at" => message with { NextAttemptAt = json.GetString() },
                "waiting_for" => message with { WaitingFor = json.GetString() },
                "end_reason" => message with { EndReason = json.GetString() },
                "code" => message with { Code = json.GetString() },
                "message" => message with { Message = json.GetString() },
                _ => Skip(ref json, message),
            };
        }

        return message.Type.Length > 0 && json.TokenType == JsonTokenType.EndObject ? message : null;
    }

    private static LiveMessage Skip(ref Utf8JsonReader json, LiveMessage message)
    {
        json.Skip();
        return message;
    }

    private static long? Number(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null ? null : json.GetInt64();

    private static long? Cursor(ref Utf8JsonReader json) =>
        json.GetString() is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private static void Add(JsonText json, string name, string? value)
    {
        if (value is not null)
        {
            json.Add(name, value);
        }
    }

    private static void Add(JsonText json, string name, long? value)
    {
        if (value is { } number)
        {
            json.Add(name, number);
        }
    }
}
