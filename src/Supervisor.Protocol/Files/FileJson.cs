using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Files;

/// <summary>Reads the JSON of the files in a session's folder: snake_case, unknown fields ignored. They are written by their own <c>ToLine</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TranscriptEvent))]
[JsonSerializable(typeof(HistoryEntry))]
public sealed partial class FileJson : JsonSerializerContext;
