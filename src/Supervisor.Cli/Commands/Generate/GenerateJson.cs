using System.Text.Json.Serialization;

namespace Supervisor.Cli.Commands.Generate;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class GenerateJson : JsonSerializerContext;
