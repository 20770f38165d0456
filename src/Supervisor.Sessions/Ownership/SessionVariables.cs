using System.Globalization;
using System.Text;
using Supervisor.Protocol.Files;

namespace Supervisor.Sessions.Ownership;

/// <summary>What a command can know of its session: <c>SUP_SESSION_ID</c>, <c>SUP_SESSION_NAME</c>, <c>SUP_ATTEMPT</c>.</summary>
internal static class SessionVariables
{
    /// <summary>A run inside a run has its own, and not the outer one's name.</summary>
    public static List<byte[]> AddTo(IReadOnlyList<byte[]> environment, SessionMeta meta, int attempt)
    {
        List<byte[]> all = [];
        for (int i = 0; i < environment.Count; i++)
        {
            if (!IsOne(environment[i]))
            {
                all.Add(environment[i]);
            }
        }

        void Add(string name, string value) => all.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
        Add("SUP_SESSION_ID", meta.Id);
        if (meta.Name is { } name)
        {
            Add("SUP_SESSION_NAME", name);
        }

        Add("SUP_ATTEMPT", attempt.ToString(CultureInfo.InvariantCulture));
        return all;
    }

    private static bool IsOne(byte[] entry) =>
        entry.AsSpan().StartsWith("SUP_SESSION_ID="u8)
        || entry.AsSpan().StartsWith("SUP_SESSION_NAME="u8)
        || entry.AsSpan().StartsWith("SUP_ATTEMPT="u8);
}
