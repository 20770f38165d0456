namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>The program under test: <c>SUP_TEST_PROGRAM</c>, else the launcher of the repository these tests were built in.</summary>
internal static class Sup
{
    public static string Program { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("SUP_TEST_PROGRAM") is { Length: > 0 } given)
        {
            return Path.GetFullPath(given);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string launcher = Path.Combine(folder.FullName, "sup");
            if (File.Exists(launcher) && Directory.Exists(Path.Combine(folder.FullName, "src")))
            {
                return launcher;
            }
        }

        throw new InvalidOperationException("no sup launcher above " + AppContext.BaseDirectory + "; set SUP_TEST_PROGRAM");
    }
}
