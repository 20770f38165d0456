using Akka.Actor;

namespace Supervisor.Actors.Supervision;

/// <summary>
/// One child that its parent wants to live: when it stops by itself, it is made again after a while, longer each time, under the same name, once
/// the old one is gone for certain. Used by the parent inside its own message handling.
/// </summary>
/// <remarks>
/// The parent has timers, hands every <see cref="Terminated"/> and <see cref="ChildDue"/> that carries this child's name to <see cref="Handle"/>,
/// and gives messages to <see cref="Forward"/>.
/// </remarks>
public sealed class BackoffChild
{
    private readonly IActorContext _context;
    private readonly ITimerScheduler _timers;
    private readonly Func<Props> _props;
    private readonly BackoffSettings _settings;
    private readonly Action<object, IActorRef> _whileAbsent;
    private readonly TimeProvider _time;
    private IActorRef? _leaving;
    private long _startedAt;
    private int _failures;
    private bool _wanted;

    /// <param name="context">The parent's.</param>
    /// <param name="timers">The parent's.</param>
    /// <param name="name">The child's; unique among the parent's children.</param>
    /// <param name="props">Asked anew for each life.</param>
    /// <param name="settings">The delays.</param>
    /// <param name="whileAbsent">Answers what comes while there is no child: the message, and its sender.</param>
    /// <param name="time">Tells how long a child lived.</param>
    public BackoffChild(
        IActorContext context,
        ITimerScheduler timers,
        string name,
        Func<Props> props,
        BackoffSettings settings,
        Action<object, IActorRef> whileAbsent,
        TimeProvider time)
    {
        _context = context;
        _timers = timers;
        _props = props;
        _settings = settings;
        _whileAbsent = whileAbsent;
        _time = time;
        Name = name;
    }

    public string Name { get; }

    /// <summary>The child, or null while there is none, or while it is stopping.</summary>
    public IActorRef? Ref { get; private set; }

    /// <summary>How often it stopped by itself since it was started by <see cref="Start"/>.</summary>
    public int Restarts { get; private set; }

    /// <summary>Whether the parent wants it to live.</summary>
    public bool IsWanted => _wanted;

    /// <summary>Whether there is no child, not even one that is stopping.</summary>
    public bool IsGone => Ref is null && _leaving is null;

    /// <summary>Makes the child, at once or as soon as the one before is gone; nothing when it is there or due.</summary>
    public void Start()
    {
        if (_wanted)
        {
            return;
        }

        _wanted = true;
        _failures = 0;
        Restarts = 0;
        if (_leaving is null)
        {
            Create();
        }
    }

    /// <summary>Stops the child, and makes it no more.</summary>
    public void Stop()
    {
        _wanted = false;
        _timers.Cancel(Key());
        if (Ref is { } child)
        {
            _leaving = child;
            Ref = null;
            _context.Stop(child);
        }
    }

    /// <summary>Gives the message to the child, with its sender; while there is none it is answered by the parent's hook.</summary>
    public void Forward(object message)
    {
        if (Ref is { } child)
        {
            child.Forward(message);
        }
        else
        {
            _whileAbsent(message, _context.Sender);
        }
    }

    /// <summary>Handles the end of the child, and the time when it is due again; false when the message is not about it.</summary>
    public bool Handle(object message)
    {
        switch (message)
        {
            case ChildDue due when string.Equals(due.Name, Name, StringComparison.Ordinal):
                if (_wanted && Ref is null && _leaving is null)
                {
                    Create();
                }

                return true;
            case Terminated ended when ended.ActorRef.Equals(_leaving):
                _leaving = null;
                if (_wanted)
                {
                    Create();
                }

                return true;
            case Terminated ended when ended.ActorRef.Equals(Ref):
                Ref = null;
                Restarts++;
                _failures = _time.GetElapsedTime(_startedAt) >= _settings.ResetAfter ? 1 : _failures + 1;
                _timers.StartSingleTimer(Key(), new ChildDue(Name), _settings.DelayOf(_failures));
                return true;
            default:
                return false;
        }
    }

    private void Create()
    {
        _startedAt = _time.GetTimestamp();
        Ref = _context.Watch(_context.ActorOf(_props(), Name));
    }

    private (Type Kind, string Name) Key() => (typeof(BackoffChild), Name);
}

/// <summary>A parent's message to itself: this child is to be made again.</summary>
public sealed record ChildDue(string Name) : INoSerializationVerificationNeeded;

/// <summary>How long a parent waits before it makes a child again.</summary>
public sealed record BackoffSettings
{
    /// <summary>1, 5 and 30 s, then 30 s each time.</summary>
    public static BackoffSettings Default { get; } = new();

    /// <summary>The delays after the first stop, the second, …; the last one is repeated.</summary>
    public IReadOnlyList<TimeSpan> Delays { get; init; } = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];

    /// <summary>A child that lived this long begins with the first delay again.</summary>
    public TimeSpan ResetAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The delay after the so-manyth stop, from 1 on.</summary>
    public TimeSpan DelayOf(int failure) => Delays[Math.Min(failure, Delays.Count) - 1];
}
