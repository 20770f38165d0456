namespace Supervisor.Actors.Sessions;

/// <summary>What passes between the actor of a session and the one that listens for its silence.</summary>
internal static class SilenceProtocol
{
    /// <summary>This attempt runs. Said again of the same attempt it changes nothing.</summary>
    /// <param name="Attempt">Its number.</param>
    /// <param name="IsIdle">Whether it was found to be silent before, by an earlier daemon perhaps.</param>
    /// <param name="IsFresh">Whether it begins now: then it has not been silent yet, whatever its files say.</param>
    public sealed record Watch(int Attempt, bool IsIdle, bool IsFresh);

    /// <summary>No attempt runs.</summary>
    public sealed record Rest
    {
        public static Rest Instance { get; } = new();
    }

    /// <summary>To the parent: the attempt has printed nothing for as long as its session says. Once in each silence.</summary>
    public sealed record Idle(int Attempt);

    /// <summary>To the parent: it prints again.</summary>
    public sealed record Active(int Attempt);
}
