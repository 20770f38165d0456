namespace Supervisor.Sessions.Processes;

/// <summary>Where a command runs, as an absolute path.</summary>
internal static class WorkingFolder
{
    /// <param name="given">What was asked for; null is the present one.</param>
    /// <returns>Null when it cannot be told: the present folder was deleted, and a command runs in it all the same.</returns>
    public static string? Absolute(string? given)
    {
        try
        {
            return Path.GetFullPath(given ?? ".");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
