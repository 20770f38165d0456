using Supervisor.Sessions.Doctor;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>Tells once, at the first start in the background, that a logout will end it, and what to do.</summary>
internal static class LogoutNote
{
    /// <summary>Is there when it was told.</summary>
    private const string Told = "logout-told";

    public static void SayOnce(StateRoot root)
    {
        string told = Path.Combine(root.Path, Told);
        if (File.Exists(told))
        {
            return;
        }

        try
        {
            Check logout = LogoutCheck.Run(Environment.GetEnvironmentVariable);
            using FileStream marker = new(told, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            if (logout.Status != CheckStatus.Ok)
            {
                Talk.Write($"sup: note: {logout.Message}; {logout.Hint}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Told by another at the same moment, or nothing can be written: a note is not worth an error.
        }
    }
}
