using System.Diagnostics;

namespace Supervisor.Host.Tests.Harness;

/// <summary>Waiting for what can only be asked for again and again.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static void True(string what, Func<bool> look)
    {
        long start = Stopwatch.GetTimestamp();
        while (!look())
        {
            if (Stopwatch.GetElapsedTime(start) > Deadline)
            {
                throw new TimeoutException($"not within {Deadline.TotalSeconds} s: {what}");
            }

            Thread.Sleep(10);
        }
    }
}
