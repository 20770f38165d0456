namespace Supervisor.Sessions.Native;

/// <summary>Time since the machine's start, with the time it was suspended: nobody can set it. Of use within one boot.</summary>
internal static unsafe class BootClock
{
    private const int CLOCK_BOOTTIME = 7;

    public static TimeSpan Now
    {
        get
        {
            TimeSpec time;
            return Libc.clock_gettime(CLOCK_BOOTTIME, &time) == 0
                ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
                : TimeSpan.FromMilliseconds(Environment.TickCount64);
        }
    }
}
