using Supervisor.Protocol.Errors;

namespace Supervisor.Cli.Launch;

/// <summary>Where <c>sup</c> is, as others can start it.</summary>
internal static class Launcher
{
    /// <summary>Set by build/launch.sh.</summary>
    private const string Variable = "SUP_LAUNCHER";

    /// <summary>An absolute path; a link stays one, because what it leads to changes with each update.</summary>
    /// <exception cref="SupException">It cannot be told.</exception>
    public static string Path() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } called && Absolute(called) is { } path ? path
        : Environment.ProcessPath ?? throw new SupException(ErrorCode.Internal, ExitCode.Failure, "cannot tell where sup is", "call it by its full path");

    private static string? Absolute(string called)
    {
        string path = System.IO.Path.GetFullPath(called);
        return File.Exists(path) ? path : null;
    }
}
