using Supervisor.Protocol.Files;

namespace Supervisor.Actors.Sessions;

/// <summary>What passes between a runner and the actor that holds its session's terminal.</summary>
internal static class PtyProtocol
{
    /// <summary>Start a keeper for a new session, and its first attempt.</summary>
    public sealed record Create(SessionSpec Spec);

    /// <summary>Be connected to the keeper, and make sure that it has begun this attempt, if it is to; start a keeper for it if there is none.</summary>
    /// <param name="Begin">The attempt to begin; null: whatever it does.</param>
    /// <param name="Current">The attempt that is under way as far as is known.</param>
    /// <param name="ByPolicy">Nobody asked for it: where an end was written meanwhile, that counts.</param>
    public sealed record Join(int? Begin, int Current, bool ByPolicy = false);

    /// <summary>End the command, and begin the next attempt.</summary>
    public sealed record Replace(int Next);

    /// <summary>A stop has overtaken it.</summary>
    public sealed record NoReplace
    {
        public static NoReplace Instance { get; } = new();
    }

    /// <summary>Have the owner write down that the session has fallen silent, or prints again.</summary>
    public sealed record Note(bool IsIdle);

    /// <summary>The next attempt is due in a while: the keeper is told, for others to see.</summary>
    public sealed record Wait(int Attempt, TimeSpan Left);

    /// <summary>No attempt follows: the owner is to write the end, or where there is none, whoever gets this.</summary>
    /// <param name="Reason">The session's <c>end_reason</c>; null: that it was lost.</param>
    public sealed record Close(string? Reason);

    /// <summary>Nobody owns the session any more, and no end was written. It stays so until the next <see cref="Join"/> or <see cref="Close"/>.</summary>
    /// <param name="Last">Its last attempt as its file has it.</param>
    /// <param name="Rebooted">Whether the machine went down meanwhile.</param>
    public sealed record Abandoned(AttemptFact Last, bool Rebooted);

    /// <summary>What the keeper said of an attempt.</summary>
    /// <param name="Code">Why it was not begun: an error's code.</param>
    /// <param name="Message">The same in words.</param>
    public sealed record Told(AttemptFact Fact, string? Code, string? Message);

    /// <summary>The session is over.</summary>
    public sealed record Over(SessionFinal Final);

    /// <summary>No keeper could be started.</summary>
    public sealed record NoKeeper(string Code, string Message);
}
