using System.Text.Json;
using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Files;

/// <summary>The JSON of the files in a session's folder: snake_case, nulls written, unknown fields ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    Converters = [typeof(TimestampConverter)])]
[JsonSerializable(typeof(SessionMeta))]
[JsonSerializable(typeof(SessionFinal))]
[JsonSerializable(typeof(AttemptRecord))]
[JsonSerializable(typeof(TranscriptEvent))]
public sealed partial class FileJson : JsonSerializerContext;

/// <summary>RFC 3339 UTC with microseconds, whatever offset the value had.</summary>
public sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Values.Timestamp.TryParse(reader.GetString(), out DateTimeOffset time)
            ? time
            : throw new JsonException("not an RFC 3339 time");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Values.Timestamp.Of(value));
}
