using Supervisor.Protocol;

namespace Supervisor.Sessions.Store;

/// <summary>What the files of a live session say of its silence; judged as every reader judges it (<see cref="SessionStatus"/>).</summary>
/// <param name="After">So long without output, and it is idle; null when it never is.</param>
/// <param name="Quiet">How long it has printed nothing of its own accord, by the wall clock; never negative.</param>
/// <param name="Redraw">How much later than that its transcript last grew, by redraws after a resize; zero when it was no redraw.</param>
public sealed record SilenceReading(TimeSpan? After, TimeSpan Quiet, TimeSpan Redraw)
{
    /// <summary>Blocks; not for an actor's own thread.</summary>
    /// <returns>Null when the session does not live.</returns>
    public static SilenceReading? Of(StateRoot root, SessionId id, DateTime now)
    {
        using SessionFiles? files = SessionFiles.Open(root, id);
        SessionStatus? status = files is null ? null : SessionStatus.Of(files, now);
        if (status is not { Meta: { } meta, LastActive: { } active } || !status.State.IsLive())
        {
            return null;
        }

        DateTime grown = files!.OutputStatus() is { Length: > 0, LastOutput: { } time } ? time : active;
        return new SilenceReading(
            meta.SilenceAfterSeconds > 0 ? TimeSpan.FromSeconds(meta.SilenceAfterSeconds) : null,
            AtLeastZero(now - active),
            status.LastOutput == grown ? TimeSpan.Zero : AtLeastZero(grown - active));
    }

    private static TimeSpan AtLeastZero(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
