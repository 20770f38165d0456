using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Waiting;

namespace Supervisor.Cli.Commands;

/// <summary>What <c>sup wait --json</c> prints, however the wait ended.</summary>
/// <param name="Session">The session's id.</param>
/// <param name="State">As it was at the end of the wait.</param>
/// <param name="Reason">See <see cref="WaitResult.Reason"/>.</param>
/// <param name="Cursor">Where the line begins that was waited for.</param>
/// <param name="NextCursor">Where to go on.</param>
/// <param name="Line">That line, as plain text.</param>
/// <param name="ExitCode">The command's, once it has ended: of the attempt whose end was waited for, else of the session.</param>
/// <param name="Signal">The signal that ended it, likewise.</param>
internal sealed record WaitAnswer(
    string Session, string State, string Reason, string? Cursor, string? NextCursor, string? Line, int? ExitCode, string? Signal)
{
    public string SchemaVersion { get; } = Schema.Version;

    public static byte[] Of(WaitResult result, IWaitCondition condition, ExitCondition exit) => JsonSerializer.SerializeToUtf8Bytes(
        new WaitAnswer(
            result.Status.Id.Value,
            result.Status.State.Word(),
            result.Reason,
            Text(condition.Cursor),
            Text(condition.NextCursor ?? result.Status.OutputBytes),
            result.End == WaitEnd.Met ? condition.Line : null,
            condition is ExitCondition ? exit.ExitCode : result.Status.Final?.ExitCode,
            condition is ExitCondition ? exit.Signal : result.Status.Final?.Signal),
        WaitJson.Default.WaitAnswer);

    private static string? Text(long? cursor) => cursor?.ToString(CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WaitAnswer))]
internal sealed partial class WaitJson : JsonSerializerContext;
