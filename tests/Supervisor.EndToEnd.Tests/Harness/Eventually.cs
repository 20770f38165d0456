using System.Diagnostics;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>Waiting for what can only be asked for again and again.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns what <paramref name="look"/> gives as soon as that is not null.</summary>
    public static T Get<T>(string what, Func<T?> look, Func<string>? lastSeen = null)
        where T : class
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (look() is { } value)
            {
                return value;
            }

            if (Stopwatch.GetElapsedTime(start) > Deadline)
            {
                throw new TimeoutException($"not within {Deadline.TotalSeconds} s: {what}\n{lastSeen?.Invoke()}");
            }

            Thread.Sleep(Pause);
        }
    }

    public static void True(string what, Func<bool> look, Func<string>? lastSeen = null) =>
        Get(what, () => look() ? what : null, lastSeen);
}
