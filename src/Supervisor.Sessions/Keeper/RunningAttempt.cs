using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Ownership;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Keeper;

/// <summary>One start of a supervised command, from its spawn until all it printed is recorded. Used by the keeper's thread alone.</summary>
internal sealed class RunningAttempt : IDisposable
{
    /// <summary>A relay sets its event before its thread has quite ended.</summary>
    private const int CheckMilliseconds = 20;

    private readonly List<OutputRelay> _relays = [];
    private readonly WakeEvent _relayEnded = new();

    /// <param name="number">From 1.</param>
    /// <param name="terminal">Becomes this object's.</param>
    /// <param name="recorder">Where the output goes.</param>
    public RunningAttempt(int number, ICommandTerminal terminal, TranscriptRecorder? recorder)
    {
        (Number, Terminal, Stop) = (number, terminal, new CommandStop(terminal));
        foreach (CommandOutput output in terminal.Outputs)
        {
            _relays.Add(new OutputRelay(output, recorder, _relayEnded));
        }
    }

    public int Number { get; }

    public ICommandTerminal Terminal { get; }

    public CommandStop Stop { get; }

    /// <summary>The attempt to begin after this one; null when none was asked for.</summary>
    public int? Next { get; set; }

    /// <summary>Whether a descendant still held the output when the time to drain it was over.</summary>
    public bool HeldOpen { get; private set; }

    /// <summary>Starts the command. Null, or why it did not start.</summary>
    /// <param name="spec">How.</param>
    /// <param name="meta">For the variables that tell the command of its session.</param>
    public StartFailure? Start(SessionSpec spec, SessionMeta meta)
    {
        ulong?[] limits = Limits.Of(spec);
        CommandSpec command = new()
        {
            Arguments = spec.Command,
            Environment = SessionVariables.AddTo(spec.Environment, meta, Number),
            WorkingDirectory = spec.WorkingDirectory,
            Caller = new CallerState(limits[Libc.RLIMIT_NOFILE], 0, 0, 0),
        };

        // The mask is the whole process's: the files that other threads make meanwhile have modes of their own, which it cannot widen.
        uint before = Libc.umask((uint)spec.Umask);
        ulong?[] own = Limits.Take(limits);
        StartFailure? failure = Terminal.Start(command, foreground: true);
        Limits.PutBack(own);
        Libc.umask(before);
        if (failure is null)
        {
            Limits.Give(limits, Terminal.Pid);
        }

        return failure;
    }

    /// <summary>Lets the output flow; after the transcript knows of the start.</summary>
    public void Begin() => _relays.ForEach(r => r.Start());

    /// <summary>Records what the ended command has left behind.</summary>
    /// <param name="pass">Called again and again with the milliseconds to let pass.</param>
    public void Drain(Action<int> pass)
    {
        _relays.ForEach(r => r.Finish());
        while (!_relays.TrueForAll(r => r.HasEnded))
        {
            if (!Io.WaitFor(_relayEnded.Fd, Libc.POLLIN, CheckMilliseconds))
            {
                pass(0);
                continue;
            }

            _relayEnded.Clear();
            Thread.Yield();
        }

        HeldOpen = _relays.Exists(r => r.HeldOpen);
    }

    public void Dispose()
    {
        // They wait for their start, when there was none.
        _relays.ForEach(r => r.Abandon());
        _relays.ForEach(r => r.Start());
        _relays.ForEach(r => r.Finish());
        while (!_relays.TrueForAll(r => r.HasEnded))
        {
            Thread.Sleep(1);
        }

        Terminal.Dispose();
        _relays.ForEach(r => r.Dispose());
        _relayEnded.Dispose();
    }
}
