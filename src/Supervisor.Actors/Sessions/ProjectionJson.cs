using System.Text.Json.Serialization;

namespace Supervisor.Actors.Sessions;

[JsonSerializable(typeof(string))]
internal sealed partial class ProjectionJson : JsonSerializerContext;
