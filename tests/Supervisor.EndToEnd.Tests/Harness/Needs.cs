namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>What a test needs from the machine; without it the test is skipped, and says why.</summary>
internal static class Needs
{
    private static readonly HashSet<string> Missing = new(
        (Environment.GetEnvironmentVariable("SUP_TEST_MISSING") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        StringComparer.Ordinal);

    public static void Programs(params string[] names)
    {
        foreach (string name in names)
        {
            Assert.SkipUnless(!Missing.Contains(name) && OnPath(name) is not null, $"{name} is not installed");
        }
    }

    /// <summary>The first of them that is there.</summary>
    public static string AnyProgram(params string[] names)
    {
        string? found = names.FirstOrDefault(name => OnPath(name) is not null);
        Assert.SkipWhen(found is null, $"none of {string.Join(", ", names)} is installed");
        return found!;
    }

    public static void Root() =>
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small file system needs root");

    /// <summary>What root may not do only others can show.</summary>
    public static void SomeoneElse()
    {
        Root();
        Programs("setpriv");
    }

    private static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
