namespace Supervisor.Sessions.Doctor;

/// <summary>How a check came out.</summary>
public enum CheckStatus
{
    Ok,

    /// <summary>Works, but something is less than it could be.</summary>
    Warning,

    /// <summary>Something of sup does not work here.</summary>
    Problem,
}

/// <summary>One thing looked at.</summary>
/// <param name="Name">One word.</param>
/// <param name="Status">How it is.</param>
/// <param name="Message">What was found, in a line; may hold names from outside.</param>
/// <param name="Hint">What to do about it; null when there is nothing to do.</param>
public sealed record Check(string Name, CheckStatus Status, string Message, string? Hint = null)
{
    internal static Check Ok(string name, string message) => new(name, CheckStatus.Ok, message);

    internal static Check Warning(string name, string message, string hint) => new(name, CheckStatus.Warning, message, hint);

    internal static Check Problem(string name, string message, string hint) => new(name, CheckStatus.Problem, message, hint);
}
