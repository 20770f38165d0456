using Akka.Actor;
using Supervisor.Actors.Sessions;
using Supervisor.Actors.Tests.Testing;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.LogStreamProtocol;
using static Supervisor.Actors.Sessions.SilenceProtocol;

namespace Supervisor.Actors.Tests.Sessions;

/// <summary>Silence is told once, in time, and costs nothing while it lasts.</summary>
public sealed class SilenceDetectorActorTests : IAsyncLifetime
{
    private static readonly TimeSpan After = TimeSpan.FromSeconds(30);

    private readonly TestSystem _system = new();
    private readonly Probe _runner;
    private volatile SilenceReading? _reading = new(After, TimeSpan.Zero, TimeSpan.Zero);
    private readonly ManualResetEventSlim _slow = new(initialState: true);
    private int _reads;

    public SilenceDetectorActorTests() => _runner = _system.Probe();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        _slow.Dispose();
    }

    [Fact]
    public async Task It_is_told_at_the_threshold_and_once()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.PassAsync(After);
        await _runner.ExpectAsync(new Idle(1));
        Assert.Equal(After, _system.Time.Now);
        _system.Time.Advance(TimeSpan.FromDays(1));
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _runner.ExpectNothingAsync(detector);
        Assert.Equal(1, _reads);
    }

    [Fact]
    public async Task Output_puts_it_off_without_touching_the_timer()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.ScheduledAsync(After);
        for (int second = 1; second <= 20; second++)
        {
            _system.Time.Advance(TimeSpan.FromSeconds(1));
            detector.Tell(Output(second));
        }

        await _runner.ExpectNothingAsync(detector);
        Assert.Equal((1, 1), (_reads, _system.Time.CountScheduled(After)));
        _system.Time.Advance(TimeSpan.FromSeconds(10));
        await _system.Time.PassAsync(TimeSpan.FromSeconds(20));
        await _runner.ExpectAsync(new Idle(1));
        Assert.Equal(TimeSpan.FromSeconds(50), _system.Time.Now);
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task The_next_byte_ends_it_and_another_silence_is_told_again()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        for (int round = 0; round < 3; round++)
        {
            await _system.Time.PassAsync(After);
            await _runner.ExpectAsync(new Idle(1));
            _system.Time.Advance(TimeSpan.FromHours(1));
            detector.Tell(Output(round + 1));
            await _runner.ExpectAsync(new Active(1));
        }
    }

    [Fact]
    public async Task Output_between_two_silences_is_told_however_long_the_look_takes()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.PassAsync(After);
        await _runner.ExpectAsync(new Idle(1));
        _slow.Reset();
        detector.Tell(Output(1));
        await ReadAsync(2);
        _system.Time.Advance(2 * After);
        _slow.Set();
        await _runner.ExpectAsync(new Active(1));
        await _runner.ExpectAsync(new Idle(1));
    }

    [Fact]
    public async Task A_redraw_in_a_silence_does_not_end_it()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.PassAsync(After);
        await _runner.ExpectAsync(new Idle(1));
        _reading = new(After, TimeSpan.FromMinutes(2), Redraw: TimeSpan.FromMinutes(2));
        detector.Tell(Output(100));
        await ReadAsync(2);
        await _runner.ExpectNothingAsync(detector);
        _reading = new(After, TimeSpan.Zero, TimeSpan.Zero);
        detector.Tell(Output(101));
        await _runner.ExpectAsync(new Active(1));
    }

    [Fact]
    public async Task A_redraw_before_it_does_not_put_it_off()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.ScheduledAsync(After);
        _system.Time.Advance(TimeSpan.FromSeconds(20));
        _reading = new(After, TimeSpan.FromSeconds(20), Redraw: TimeSpan.FromSeconds(20));
        detector.Tell(Output(100));
        _system.Time.Advance(TimeSpan.FromSeconds(10));
        await _runner.ExpectAsync(new Idle(1));
        Assert.Equal(After, _system.Time.Now);
    }

    [Fact]
    public async Task A_session_that_asks_for_none_has_none()
    {
        _reading = new(null, TimeSpan.FromDays(1), TimeSpan.Zero);
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: false));
        await ReadAsync(1);
        detector.Tell(Output(1));
        _system.Time.Advance(TimeSpan.FromDays(1));
        await _runner.ExpectNothingAsync(detector);
        Assert.Equal(1, _reads);
    }

    [Fact]
    public async Task What_an_earlier_daemon_told_is_not_told_again()
    {
        _reading = new(After, TimeSpan.FromMinutes(5), TimeSpan.Zero);
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(3, IsIdle: true, IsFresh: false));
        await ReadAsync(1);
        await _runner.ExpectNothingAsync(detector);
        detector.Tell(Output(1));
        _reading = new(After, TimeSpan.Zero, TimeSpan.Zero);
        await _runner.ExpectAsync(new Active(3));
    }

    [Fact]
    public async Task What_happened_without_a_daemon_is_told_by_the_next()
    {
        IActorRef detector = await StartAsync();
        _reading = new(After, TimeSpan.FromMinutes(5), TimeSpan.Zero);
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: false));
        await _runner.ExpectAsync(new Idle(1));
        _reading = new(After, TimeSpan.FromSeconds(20), TimeSpan.Zero);
        detector.Tell(new Watch(2, IsIdle: true, IsFresh: false));
        await _runner.ExpectAsync(new Active(2));
        await _system.Time.PassAsync(TimeSpan.FromSeconds(10));
        await _runner.ExpectAsync(new Idle(2));
    }

    [Fact]
    public async Task An_end_of_unknown_age_is_looked_at_and_taken_for_no_output()
    {
        _reading = new(After, TimeSpan.FromMinutes(5), TimeSpan.Zero);
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: true, IsFresh: false));
        await ReadAsync(1);
        detector.Tell(new EndMoved(500, null));
        await ReadAsync(2);
        await _runner.ExpectNothingAsync(detector);
    }

    [Fact]
    public async Task An_attempt_that_is_over_is_not_silent()
    {
        IActorRef detector = await StartAsync();
        detector.Tell(new Watch(1, IsIdle: false, IsFresh: true));
        await _system.Time.ScheduledAsync(After);
        detector.Tell(Rest.Instance);
        await _runner.ExpectNothingAsync(detector);
        _system.Time.Advance(TimeSpan.FromDays(1));
        detector.Tell(Output(1));
        await _runner.ExpectNothingAsync(detector);
        detector.Tell(new Watch(2, IsIdle: false, IsFresh: true));
        await _system.Time.PassAsync(After);
        await _runner.ExpectAsync(new Idle(2));
    }

    [Fact]
    public async Task A_thousand_silent_sessions_cost_nothing()
    {
        IActorRef[] detectors = new IActorRef[1000];
        for (int i = 0; i < detectors.Length; i++)
        {
            detectors[i] = await StartAsync();
            detectors[i].Tell(new Watch(1, IsIdle: false, IsFresh: true));
        }

        Assert.True(SpinWait.SpinUntil(() => _system.Time.CountScheduled(After) == detectors.Length, Probe.Deadline));
        _system.Time.Advance(After);
        for (int i = 0; i < detectors.Length; i++)
        {
            await _runner.ExpectAsync(new Idle(1));
        }

        Assert.Equal((detectors.Length, 0), (_reads, _system.Time.CountScheduled(After)));
        _system.Time.Advance(TimeSpan.FromDays(1));
        await _runner.ExpectNothingAsync(detectors[^1]);
        Assert.Equal(detectors.Length, _reads);
    }

    private Task<IActorRef> StartAsync() => Parent.OfAsync(
        _system,
        SilenceDetectorActor.Props(_system.Time, () =>
        {
            Interlocked.Increment(ref _reads);
            _slow.Wait(Probe.Deadline);
            return _reading;
        }),
        _runner);

    private EndMoved Output(long end) => new(end, _system.Time.GetTimestamp());

    private async Task ReadAsync(int times)
    {
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _reads) == times, Probe.Deadline));
        await Task.Yield();
    }
}
