namespace Supervisor.Sessions.Tests.Support;

/// <summary>A clock that says what it is told; durations are still measured.</summary>
internal sealed class SetClock(DateTime start) : TimeProvider
{
    private long _ticks = start.Ticks;

    public DateTime Now
    {
        get => new(Interlocked.Read(ref _ticks), DateTimeKind.Utc);
        set => Interlocked.Exchange(ref _ticks, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => new(Now, TimeSpan.Zero);
}
