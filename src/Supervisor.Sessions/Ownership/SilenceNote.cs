using Supervisor.Protocol.Files;
using Supervisor.Protocol.Live;

namespace Supervisor.Sessions.Ownership;

/// <summary>
/// That a session fell silent, or prints again, as a line of its events.jsonl. The daemon finds it out; the owner writes it, as it writes all
/// that is in the folder, so that it can be read where no daemon is.
/// </summary>
internal static class SilenceNote
{
    /// <summary>What the line's type is; null for a note that says neither.</summary>
    public static string? TypeOf(LiveMessage note) => note.State switch
    {
        "idle" => "idle",
        "running" => "active",
        _ => null,
    };

    /// <summary>By the owner's own thread: a slow disk may hold it.</summary>
    public static void Append(OwnedSession session, LiveMessage note) => session.Recorder?.Append(new TranscriptEvent
    {
        Type = TypeOf(note) ?? throw new ArgumentException("a note that says nothing", nameof(note)),
        Offset = 0,
        Timestamp = default,
        Attempt = session.Meta.Attempt,
    });
}
