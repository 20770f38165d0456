namespace Supervisor.Protocol.Api;

/// <summary>A session whose command has started: of <c>POST /v1/sessions</c> and of a restart.</summary>
public sealed record SessionStartedAnswer
{
    public required string Id { get; init; }

    public required int Attempt { get; init; }

    /// <summary>The command's process; 0 when it had ended before anybody could look.</summary>
    public required int Pid { get; init; }
}

/// <summary>A session that was stopped.</summary>
public sealed record SessionEndedAnswer
{
    public required string Id { get; init; }

    /// <summary>How it ended; null when that is not known.</summary>
    public string? State { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    /// <summary>False when the journal could not be written: it was stopped all the same.</summary>
    public required bool Journaled { get; init; }
}

/// <summary>A session whose command was sent a signal.</summary>
public sealed record SessionSignaledAnswer
{
    public required string Id { get; init; }

    /// <summary>Its name, such as <c>SIGUSR1</c>.</summary>
    public required string Signal { get; init; }
}
