namespace Supervisor.Protocol.Errors;

/// <summary>
/// Something the user should read as one line, <c>sup: what failed: why; what to do</c>, with the exit code that goes with it.
/// It names programs and ids, never whole command lines, environments or secrets.
/// </summary>
public sealed class SupException : Exception
{
    public SupException(string code, int exitCode, string message, string? hint = null, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        ExitCode = exitCode;
        Hint = hint;
    }

    /// <summary>One of <see cref="ErrorCode"/>.</summary>
    public string Code { get; }

    /// <summary>One of <see cref="Errors.ExitCode"/>.</summary>
    public int ExitCode { get; }

    /// <summary>What the user can do about it.</summary>
    public string? Hint { get; }

    public static SupException Usage(string message, string? hint = null) =>
        new(ErrorCode.InvalidArgument, Errors.ExitCode.Usage, message, hint);
}
