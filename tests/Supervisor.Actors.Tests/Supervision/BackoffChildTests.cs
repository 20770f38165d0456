using Akka.Actor;
using Supervisor.Actors.Supervision;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Supervision;

public sealed class BackoffChildTests : IAsyncLifetime
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(30);

    private readonly TestSystem _test = new();
    private Probe _probe = null!;
    private Probe _lives = null!;
    private IActorRef _parent = null!;

    public async ValueTask InitializeAsync()
    {
        _probe = _test.Probe();
        _lives = _test.Probe();
        _parent = _test.System.ActorOf(Props.Create(() => new Parent(_lives.Ref, _test.Time)), "parent");
        _parent.Tell("start");
        await ExpectLifeAsync();
    }

    public async ValueTask DisposeAsync() => await _test.DisposeAsync();

    [Fact]
    public async Task A_child_that_stops_is_made_again_after_1_then_5_then_30_seconds_and_30_from_then_on()
    {
        foreach (int seconds in (int[])[1, 5, 30, 30])
        {
            await EndAsync();
            await _test.Time.ScheduledAsync(TimeSpan.FromSeconds(seconds));
            _test.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            await _lives.ExpectNothingAsync(_parent);
            _test.Time.Advance(TimeSpan.FromTicks(1));
            await ExpectLifeAsync();
        }

        _probe.Tell(_parent, "restarts");
        await _probe.ExpectAsync(4);
    }

    [Fact]
    public async Task A_child_that_throws_is_not_restarted_by_Akka_but_made_again_after_the_delay()
    {
        _probe.Tell(_parent, "throw");
        await ExpectEndAsync();
        await _test.Time.PassAsync(TimeSpan.FromSeconds(1));
        await ExpectLifeAsync();
    }

    [Fact]
    public async Task A_child_that_lived_long_begins_with_the_first_delay_again()
    {
        await EndAsync();
        await _test.Time.PassAsync(TimeSpan.FromSeconds(1));
        await ExpectLifeAsync();
        _test.Time.Advance(BackoffSettings.Default.ResetAfter);
        await EndAsync();
        await _test.Time.PassAsync(TimeSpan.FromSeconds(1));
        await ExpectLifeAsync();
    }

    [Fact]
    public async Task What_comes_while_there_is_no_child_is_answered_by_its_parent_and_afterwards_by_the_child_again()
    {
        await EndAsync();
        await _test.Time.ScheduledAsync(TimeSpan.FromSeconds(1));
        _probe.Tell(_parent, "hello");
        await _probe.ExpectAsync("absent: hello");
        await _test.Time.PassAsync(TimeSpan.FromSeconds(1));
        await ExpectLifeAsync();
        _probe.Tell(_parent, "hello");
        await _probe.ExpectAsync("child: hello");
    }

    [Fact]
    public async Task A_child_that_was_stopped_on_purpose_is_not_made_again()
    {
        _parent.Tell("stop");
        await ExpectEndAsync();
        _probe.Tell(_parent, "hello");
        await _probe.ExpectAsync("absent: hello");
        _test.Time.Advance(Slow);
        await _lives.ExpectNothingAsync(_parent);
    }

    [Fact]
    public async Task A_stop_during_the_delay_cancels_it()
    {
        await EndAsync();
        await _test.Time.ScheduledAsync(TimeSpan.FromSeconds(1));
        _parent.Tell("stop");
        _test.Time.Advance(Slow);
        await _lives.ExpectNothingAsync(_parent);
        _parent.Tell("start");
        await ExpectLifeAsync();
    }

    [Fact]
    public async Task Its_name_is_used_again_only_once_the_one_before_is_gone()
    {
        // Stopped and started in one message: the old one is still there.
        _parent.Tell("stop and start");
        await ExpectEndAsync();
        await ExpectLifeAsync();
        _probe.Tell(_parent, "hello");
        await _probe.ExpectAsync("child: hello");
        await _lives.ExpectNothingAsync(_parent);
    }

    private async Task EndAsync()
    {
        _probe.Tell(_parent, "end");
        await ExpectEndAsync();
    }

    private async Task ExpectLifeAsync()
    {
        await _lives.ExpectAsync("began");
        Assert.Equal("/user/parent/child", _lives.LastSender.Path.ToStringWithoutAddress());
    }

    private Task ExpectEndAsync() => _lives.ExpectAsync("ended");

    private sealed class Parent : UntypedActor, IWithTimers
    {
        private readonly IActorRef _lives;
        private readonly TimeProvider _time;
        private BackoffChild _child = null!;

        public Parent(IActorRef lives, TimeProvider time)
        {
            _lives = lives;
            _time = time;
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

        protected override void PreStart() => _child = new BackoffChild(
            Context,
            Timers,
            "child",
            () => Props.Create(() => new Child(_lives)),
            BackoffSettings.Default,
            (message, sender) => sender.Tell($"absent: {message}"),
            _time);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "start":
                    _child.Start();
                    _child.Start();
                    break;
                case "stop":
                    _child.Stop();
                    break;
                case "stop and start":
                    _child.Stop();
                    _child.Start();
                    break;
                case "restarts":
                    Sender.Tell(_child.Restarts);
                    break;
                default:
                    if (!_child.Handle(message))
                    {
                        _child.Forward(message);
                    }

                    break;
            }
        }
    }

    private sealed class Child(IActorRef lives) : UntypedActor
    {
        protected override void PreStart() => lives.Tell("began");

        protected override void PostStop() => lives.Tell("ended");

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "end":
                    Context.Stop(Self);
                    break;
                case "throw":
                    throw new InvalidOperationException("child");
                default:
                    Sender.Tell($"child: {message}");
                    break;
            }
        }
    }
}
