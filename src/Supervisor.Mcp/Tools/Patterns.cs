using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Mcp.Tools;

/// <summary>Regular expressions that come from a model.</summary>
internal static class Patterns
{
    private const int MaxPattern = 1000;

    /// <exception cref="SupException"><c>invalid_argument</c></exception>
    public static LinePattern Parse(string name, string pattern) => pattern.Length is > 0 and <= MaxPattern
        ? LinePattern.Parse(pattern)
        : throw SupException.Usage($"{name} is empty or longer than {MaxPattern} characters", "Give a shorter regular expression");
}
