using Supervisor.Protocol;

namespace Supervisor.Sessions.Foreground;

/// <summary>How a foreground run ended.</summary>
public sealed record RunOutcome
{
    /// <summary>exited, signaled, failed, or lost when its end could not be learnt.</summary>
    public required SessionState State { get; init; }

    /// <summary>What <c>sup run</c> exits with.</summary>
    public required int ExitStatus { get; init; }

    /// <summary>The signal the command died of; else 0.</summary>
    public int Signal { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Why the command did not start, or its end is not known.</summary>
    public string? Error { get; init; }

    /// <summary>Output that the command printed and the transcript lacks; null when that is not known.</summary>
    public long? LostBytes { get; init; }

    /// <summary>What is wrong with the transcript; null when nothing is.</summary>
    public string? RecordingProblem { get; init; }

    /// <summary>Why the user's own stdout or stderr could not be written.</summary>
    public string? StreamProblem { get; init; }
}
