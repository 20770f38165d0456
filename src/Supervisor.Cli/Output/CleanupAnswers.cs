using System.Text.Json.Serialization;
using Supervisor.Protocol.Files;

namespace Supervisor.Cli.Output;

/// <summary>What <c>sup clean</c> and <c>sup rm</c> did, as <c>--json</c> gives it.</summary>
/// <param name="Removed">Ids.</param>
/// <param name="Skipped">Those that stay, and why.</param>
/// <param name="FreedBytes">Given back to the disk; of a dry run, what would be.</param>
/// <param name="DryRun">Whether nothing was done.</param>
internal sealed record CleanupAnswer(
    IReadOnlyList<string> Removed, IReadOnlyList<SkippedAnswer> Skipped, long FreedBytes, bool DryRun)
{
    public string SchemaVersion { get; } = Schema.Version;
}

/// <summary>A session that was not removed.</summary>
/// <param name="Id">Whose.</param>
/// <param name="Reason"><c>session_live own_session not_owned remove_error unreadable_stat_error</c>.</param>
internal sealed record SkippedAnswer(string Id, string Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CleanupAnswer))]
internal sealed partial class CleanupJson : JsonSerializerContext;
