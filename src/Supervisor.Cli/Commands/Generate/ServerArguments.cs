namespace Supervisor.Cli.Commands.Generate;

/// <summary>What a client starts <c>sup</c> with.</summary>
internal static class ServerArguments
{
    private const string Scope = "--scope";

    /// <summary>What a person added to those that are there stays.</summary>
    /// <param name="present">Null for none that are known.</param>
    /// <param name="scope">Replaces the one that is there; null leaves it.</param>
    public static string[] Merge(IReadOnlyList<string>? present, string? scope)
    {
        List<string> words = present is ["mcp", ..] ? [.. present] : ["mcp"];
        if (scope is null)
        {
            return [.. words];
        }

        for (int at; (at = words.IndexOf(Scope)) >= 0;)
        {
            words.RemoveRange(at, Math.Min(2, words.Count - at));
        }

        words.RemoveAll(static w => w.StartsWith(Scope + "=", StringComparison.Ordinal));
        return [.. words, Scope, scope];
    }
}
