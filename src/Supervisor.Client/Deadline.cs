using System.Diagnostics;

namespace Supervisor.Client;

/// <summary>A moment up to which something may take.</summary>
internal readonly struct Deadline
{
    private readonly long _started;
    private readonly TimeSpan _length;

    private Deadline(TimeSpan length) => (_started, _length) = (Stopwatch.GetTimestamp(), length);

    /// <summary><see cref="Timeout.InfiniteTimeSpan"/> never passes.</summary>
    public static Deadline In(TimeSpan length) => new(length);

    public bool HasPassed => Milliseconds == 0;

    /// <summary>What is left, for poll(2): -1 for ever.</summary>
    public int Milliseconds
    {
        get
        {
            if (_length == Timeout.InfiniteTimeSpan)
            {
                return -1;
            }

            double left = (_length - Stopwatch.GetElapsedTime(_started)).TotalMilliseconds;
            return (int)Math.Clamp(Math.Ceiling(left), 0, int.MaxValue);
        }
    }

    /// <summary>At most that, for what has to be looked at now and then.</summary>
    public int AtMost(int milliseconds) => Milliseconds is var left && left >= 0 && left < milliseconds ? left : milliseconds;
}
