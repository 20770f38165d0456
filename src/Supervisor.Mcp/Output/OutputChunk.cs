using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Output;

/// <summary>Neighbouring output of one channel, as it is shown.</summary>
/// <param name="Channel">Where it came from.</param>
/// <param name="StartCursor">Of its first byte.</param>
/// <param name="EndCursor">Behind its last.</param>
/// <param name="Timestamp">When the first came, UTC.</param>
/// <param name="Text">As plain text, or as base64.</param>
internal sealed record OutputChunk(Channel Channel, long StartCursor, long EndCursor, DateTime Timestamp, string Text);

/// <summary>A line that was too long to be shown whole.</summary>
/// <param name="StartCursor">Of the part that is left out, or, where the line was written over, of the line.</param>
/// <param name="EndCursor">Behind it.</param>
internal sealed record CutLine(long StartCursor, long EndCursor);
