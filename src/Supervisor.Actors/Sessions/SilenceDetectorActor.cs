using Akka.Actor;
using Akka.Event;
using Supervisor.Sessions.Store;
using static Supervisor.Actors.Sessions.SilenceProtocol;

namespace Supervisor.Actors.Sessions;

/// <summary>
/// Tells its parent when a command falls silent, and when it prints again. One timer, which output does not touch: it fires, the last output is
/// compared, and it is set again for what is left; in a silence there is none at all.
/// </summary>
/// <remarks>
/// What a program draws again after its terminal changed size is no sign of life. Only the files tell that (<see cref="SilenceReading"/>), so
/// they are read where it may matter: when there was output since they were read last, and at output in a silence.
/// </remarks>
internal sealed class SilenceDetectorActor : ReceiveActor, IWithTimers
{
    private readonly TimeProvider _time;
    private readonly Func<SilenceReading?> _read;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _attempt;
    private TimeSpan? _after;
    private long _quietSince;
    private long? _output;
    private bool _idle;
    private bool _reading;
    private Reason? _next;

    /// <param name="time">Its timestamps measure the silence.</param>
    /// <param name="read">What the session's files say; called on another thread.</param>
    public SilenceDetectorActor(TimeProvider time, Func<SilenceReading?> read)
    {
        (_time, _read) = (time, read);
        Receive<Watch>(OnWatch);
        Receive<Rest>(_ => OnRest());
        Receive<LogStreamProtocol.EndMoved>(OnEndMoved);
        Receive<Due>(OnDue);
        Receive<Looked>(OnLooked);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(TimeProvider time, Func<SilenceReading?> read) => Akka.Actor.Props.Create(() => new SilenceDetectorActor(time, read));

    private void OnWatch(Watch message)
    {
        if (message.Attempt != _attempt)
        {
            OnRest();
            (_attempt, _idle) = (message.Attempt, message.IsIdle);
            Look(message.IsFresh ? Reason.Fresh : Reason.Joined);
        }
    }

    private void OnRest()
    {
        (_attempt, _after, _idle, _output, _next) = (0, null, false, null, null);
        Timers.CancelAll();
    }

    private void OnEndMoved(LogStreamProtocol.EndMoved message)
    {
        if (_attempt == 0)
        {
            return;
        }

        _output = message.At;
        if (message.At is null)
        {
            Look(Reason.Joined);
        }
        else if (_idle)
        {
            Look(Reason.Output);
        }
    }

    private void OnDue(Due due)
    {
        if (due.Attempt != _attempt || _idle || _after is null)
        {
            return;
        }

        if (_output is not null)
        {
            Look(Reason.Output);
        }
        else
        {
            Judge();
        }
    }

    private void Look(Reason why)
    {
        if (_reading)
        {
            // What an attempt begins with counts for more than that it has printed something.
            _next = why == Reason.Output ? _next ?? why : why;
            return;
        }

        (_reading, _next) = (true, null);
        int attempt = _attempt;
        long since = why == Reason.Output && _output is { } output ? output : _time.GetTimestamp();
        _output = null;
        _ = Task.Run(_read).PipeTo(
            Self,
            success: reading => new Looked(attempt, why, since, reading, null),
            failure: e => new Looked(attempt, why, since, null, e));
    }

    private void OnLooked(Looked message)
    {
        _reading = false;
        if (message.Failure is { } failure)
        {
            _log.Warning("the silence of attempt {0} cannot be judged: {1}", message.Attempt, failure.Message);
        }

        if (message.Attempt == _attempt && message.Reading is { After: { } after } reading)
        {
            // How long it was silent before we listened the time of day tells; from then on a clock that nobody sets.
            TimeSpan before = message.Why switch
            {
                Reason.Joined => reading.Quiet,
                Reason.Output => reading.Redraw,
                _ => TimeSpan.Zero,
            };
            _after = after;
            if (_idle && message.Why == Reason.Output && before < after)
            {
                // It has printed, though it may be silent again by now.
                Tell(idle: false);
            }

            _quietSince = message.Since - (long)(before.TotalSeconds * _time.TimestampFrequency);
            Judge();
        }

        if (_next is { } next && _attempt > 0)
        {
            Look(next);
        }
    }

    private void Judge()
    {
        TimeSpan left = _after!.Value - _time.GetElapsedTime(_quietSince);
        bool idle = left <= TimeSpan.Zero;
        if (idle != _idle)
        {
            Tell(idle);
        }

        if (!idle)
        {
            Timers.StartSingleTimer(nameof(Due), new Due(_attempt), left);
        }
    }

    private void Tell(bool idle)
    {
        _idle = idle;
        Context.Parent.Tell(idle ? new Idle(_attempt) : new Active(_attempt));
    }

    private enum Reason
    {
        /// <summary>An attempt begins.</summary>
        Fresh,

        /// <summary>An attempt ran before it was listened to.</summary>
        Joined,

        /// <summary>It has printed something.</summary>
        Output,
    }

    private sealed record Due(int Attempt);

    /// <param name="Since">A timestamp: when the last output before the look was heard of, or else when it was looked.</param>
    private sealed record Looked(int Attempt, Reason Why, long Since, SilenceReading? Reading, Exception? Failure);
}
