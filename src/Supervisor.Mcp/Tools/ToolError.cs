using ModelContextProtocol.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Tools;

/// <summary>How a failure reads: <c>words: detail [code]. hint</c>. Clients and models match on the code.</summary>
internal static class ToolError
{
    private const int MaxDetail = 500;

    /// <param name="error">What failed.</param>
    /// <param name="sessionId">The session asked for; null when there was none.</param>
    public static CallToolResult Of(SupException error, string? sessionId) =>
        new() { IsError = true, Content = [new TextContentBlock { Text = Text(error, sessionId) }] };

    /// <summary>With a capital, but for the name of the command.</summary>
    private static string Sentence(string hint) =>
        hint.StartsWith("sup ", StringComparison.Ordinal) ? hint : char.ToUpperInvariant(hint[0]) + hint[1..];

    public static string Text(SupException error, string? sessionId)
    {
        bool unknown = string.Equals(error.Code, ErrorCode.SessionNotFound, StringComparison.Ordinal);
        string detail = Printable.Line(unknown && sessionId is not null ? sessionId : error.Message);
        detail = detail.Length > MaxDetail ? detail[..MaxDetail] + "…" : detail;
        string? hint = unknown ? "See sup_list_sessions for those there are" : error.Hint;
        string text = $"{error.Code.Replace('_', ' ')}: {detail} [{error.Code}].";
        return hint is null ? text : $"{text} {Sentence(Printable.Line(hint))}.";
    }
}
