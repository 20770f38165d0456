namespace Supervisor.Mcp.Searching;

/// <summary>A line that was searched for.</summary>
/// <param name="SessionId">Whose output it is.</param>
/// <param name="Cursor">Of its first byte.</param>
/// <param name="Timestamp">When that came, UTC.</param>
/// <param name="Line">As plain text, secrets covered; a long one is cut.</param>
/// <param name="Before">The lines before it.</param>
/// <param name="After">The lines behind it.</param>
internal sealed record FoundMatch(
    string SessionId, long Cursor, DateTime Timestamp, string Line, IReadOnlyList<string> Before, IReadOnlyList<string> After)
{
    /// <summary>All of them, in order.</summary>
    public IEnumerable<string> Lines => [.. Before, Line, .. After];
}
