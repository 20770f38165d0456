using System.Diagnostics;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>Waits for what nothing announces. The only place in these tests that sleeps.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static void True(Func<bool> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"not within {Deadline.TotalSeconds} s: {what}");
            }

            Thread.Sleep(2);
        }
    }

    /// <summary>Runs what might hang; fails when it does not return. The thread is then left behind.</summary>
    public static T Returns<T>(Func<T> action, string what)
    {
        Task<T> task = Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.WaitAny([task], Deadline) == 0 ? task.GetAwaiter().GetResult() : throw new TimeoutException($"hangs: {what}");
    }

    /// <summary>Runs all of them at once, each on a thread of its own, and passes on the first failure.</summary>
    public static void Together(params IEnumerable<Action> actions)
    {
        using Barrier start = new(0);
        Action[] all = [.. actions];
        start.AddParticipants(all.Length);
        Task[] tasks =
        [
            .. all.Select(a => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(Deadline);
                    a();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        Task.WaitAll(tasks);
    }
}
