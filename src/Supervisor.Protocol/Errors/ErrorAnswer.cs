using System.Text.Json.Serialization;

namespace Supervisor.Protocol.Errors;

/// <summary>A failure in JSON: what <c>--json</c> gives on stderr, and what the control API answers.</summary>
public sealed record ErrorAnswer(ErrorBody Error)
{
    public static ErrorAnswer Of(SupException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new ErrorAnswer(new ErrorBody(error.Code, error.Message, error.Hint));
    }
}

/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Message">What failed, and why.</param>
/// <param name="Hint">What can be done about it.</param>
public sealed record ErrorBody(string Code, string Message, string? Hint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(ErrorAnswer))]
public sealed partial class ErrorJson : JsonSerializerContext;
