namespace Supervisor.Protocol.Errors;

/// <summary>sup's own exit codes; a command's own code passes through <c>sup run</c> unchanged.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>Usage, an invalid value, an ambiguous prefix, a taken name; nothing was created or changed.</summary>
    public const int Usage = 2;

    /// <summary>No such session.</summary>
    public const int NotFound = 3;

    /// <summary>A wait: the session ended, or is lost, without what was waited for.</summary>
    public const int EndedWithout = 4;

    /// <summary>A time that the user set ran out.</summary>
    public const int Timeout = 124;

    /// <summary>sup itself failed, or the system is not supported; also any error without a code of its own.</summary>
    public const int Failure = 125;

    /// <summary>The command was found but cannot be executed (POSIX, env(1)).</summary>
    public const int NotExecutable = 126;

    /// <summary>The command was not found (POSIX, env(1)).</summary>
    public const int CommandNotFound = 127;

    /// <summary>Added to the number of the signal a command died of (sh(1)).</summary>
    public const int SignalBase = 128;
}
