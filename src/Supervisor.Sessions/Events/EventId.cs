using System.Globalization;
using Supervisor.Protocol;

namespace Supervisor.Sessions.Events;

/// <summary>
/// Names one event for ever, and the point in the stream behind it. Opaque to everybody else: the source it came from, its
/// time, its place among its session's events, and the session.
/// </summary>
/// <param name="Source">Which state folder.</param>
/// <param name="Time">UTC.</param>
/// <param name="Place">Grows within a session; see <see cref="SessionEventReader"/>.</param>
/// <param name="Session">The session's id.</param>
internal sealed record EventId(string Source, DateTime Time, long Place, string Session)
{
    private const int Fields = 4;

    /// <returns>Null when it is none of ours.</returns>
    public static EventId? Parse(string text)
    {
        // The session comes last: its id may hold dots.
        string[] parts = text.Split('.', Fields);
        return parts.Length == Fields
            && long.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long ticks)
            && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long place)
            && SessionId.TryParse(parts[3], out _)
            ? new EventId(parts[0], new DateTime(ticks, DateTimeKind.Utc), place, parts[3])
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Source}.{Time.Ticks:x}.{Place}.{Session}");
}
