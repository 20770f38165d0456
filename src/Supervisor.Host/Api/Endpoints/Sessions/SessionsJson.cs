using System.Text.Json.Serialization;
using Supervisor.Protocol.Api;

namespace Supervisor.Host.Api.Endpoints.Sessions;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SessionStartedAnswer))]
[JsonSerializable(typeof(SessionEndedAnswer))]
[JsonSerializable(typeof(SessionSignaledAnswer))]
internal sealed partial class SessionsJson : JsonSerializerContext;
