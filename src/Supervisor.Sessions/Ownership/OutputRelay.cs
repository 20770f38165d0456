using System.Diagnostics;
using System.Runtime.InteropServices;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Ownership;

/// <summary>
/// Moves one stream of the command's output to where it would have gone without sup, on a thread of its own, and hands
/// each piece to the recorder on the way.
/// </summary>
internal sealed unsafe class OutputRelay : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>How long a descendant that keeps the stream open may hold us after the command's end.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    /// <summary>A stream this long without a byte has shown all that was written before now (the kernel moves them by a worker).</summary>
    private const int QuietMilliseconds = 8;

    /// <summary>What a read of a PTY's master gives when there is more (n_tty's buffer of 4,096 holds one less).</summary>
    private const int FullPtyRead = 4095;

    private const int GatherMilliseconds = 1;

    private readonly CommandOutput _source;
    private readonly TranscriptRecorder? _recorder;
    private readonly WakeEvent _ended;
    private readonly WakeEvent _wake = new();
    private readonly ManualResetEventSlim _quiet = new(initialState: false);
    private readonly ManualResetEventSlim _begun = new(initialState: false);
    private readonly Thread _thread;
    private readonly bool _isPty;
    private readonly bool _wasTerminal;
    private volatile bool _quietWanted;
    private volatile bool _commandEnded;
    private readonly Lock _reading = new();
    private bool _abandoned;
    private long _endedAt;
    private long _afterEnd;

    /// <param name="source">Where to read.</param>
    /// <param name="recorder">Null when nothing can be recorded.</param>
    /// <param name="ended">Set when this relay has ended.</param>
    public OutputRelay(CommandOutput source, TranscriptRecorder? recorder, WakeEvent ended)
    {
        (_source, _recorder, _ended) = (source, recorder, ended);
        _isPty = source.Channel == Channel.Pty;

        // Asked now: one that has vanished says no.
        _wasTerminal = Io.IsTerminal(source.Original);
        _thread = SmallThread.Start(source.Channel.Word(), Run);
    }

    /// <summary>Why the user's side could not be written, when that was not simply a closed pipe or terminal; else 0.</summary>
    public int WriteError { get; private set; }

    /// <summary>Whether a descendant still held the stream when the time to drain it was over.</summary>
    public bool HeldOpen { get; private set; }

    /// <summary>Lets it move bytes. Its thread is there before the command, which then need not be given up for want of one.</summary>
    public void Start() => _begun.Set();

    /// <summary>Returns when what the command has written until now has been passed on, as far as can be known.</summary>
    public void WaitUntilQuiet(TimeSpan limit)
    {
        _quiet.Reset();
        _quietWanted = true;
        _wake.Set();
        _quiet.Wait(limit);
    }

    /// <summary>The source is another: it was closed.</summary>
    public void LookAgain() => _wake.Set();

    /// <summary>The command has ended: passes on what is left, for at most a second where nothing comes, then ends.</summary>
    public void Finish()
    {
        _endedAt = Stopwatch.GetTimestamp();
        _commandEnded = true;
        _wake.Set();
    }

    /// <summary>
    /// Nobody waits for the user's side any more, which may be stuck: what the command has written until now is still recorded, here,
    /// and goes nowhere else.
    /// </summary>
    public void Abandon()
    {
        byte* buffer = (byte*)NativeMemory.Alloc(BufferBytes);
        lock (_reading)
        {
            int length = 0;
            bool end = _abandoned || HasEnded;
            for (int total = 0; !end && total <= PipeTerminal.PipeBytes; total += length)
            {
                length = ReadAvailable(buffer, out end);
                _recorder?.Append(_source.Channel, new ReadOnlySpan<byte>(buffer, length));
                end |= length == 0;
            }

            _abandoned = true;
        }

        NativeMemory.Free(buffer);
    }

    public bool HasEnded => _thread.Join(TimeSpan.Zero);

    private void Run()
    {
        _begun.Wait();
        byte* buffer = (byte*)NativeMemory.Alloc(BufferBytes);
        int destination = _source.Original;
        bool destinationOpen = destination != CommandOutput.Nobody;
        while (true)
        {
            (bool readable, bool gone) = Wait(destinationOpen ? destination : -1);
            if (gone)
            {
                destinationOpen = false;
                if (CloseSource())
                {
                    break;
                }
            }

            if (!readable)
            {
                if (_commandEnded && Remaining() <= TimeSpan.Zero)
                {
                    HeldOpen = true;
                    break;
                }

                continue;
            }

            int length;
            bool end;
            lock (_reading)
            {
                if (_abandoned)
                {
                    break;
                }

                length = ReadAvailable(buffer, out end);
                _recorder?.Append(_source.Channel, new ReadOnlySpan<byte>(buffer, length));
            }

            ReadOnlySpan<byte> bytes = new(buffer, length);
            if (length > 0 && destinationOpen)
            {
                int error = Io.WriteAll(destination, ForUser(buffer, length));
                if (error != 0)
                {
                    destinationOpen = false;
                    WriteError = error is Errno.EPIPE || _isPty ? 0 : error;
                    if (CloseSource())
                    {
                        break;
                    }
                }
            }

            if (end)
            {
                if (_source.Channel == Channel.Stdout && destination != CommandOutput.Nobody)
                {
                    // The command let go of its stdout; whoever reads it shall see its end, even while the command lives on.
                    // Not so stderr: we may have something to say there ourselves.
                    Descriptors.LetGo(destination);
                }

                break;
            }
        }

        _quiet.Set();
        NativeMemory.Free(buffer);
        _ended.Set();
    }

    /// <summary>
    /// The bytes for the user's side. While the user's terminal is not raw (the command runs in the background, or in a
    /// pipeline) it adds the carriage returns that the command's terminal has already added: those are taken out again.
    /// </summary>
    private ReadOnlySpan<byte> ForUser(byte* buffer, int length)
    {
        if (!_wasTerminal || !_isPty || !Tty.AddsReturns(_source.Original) || !Tty.AddsReturns(_source.Fd))
        {
            return new ReadOnlySpan<byte>(buffer, length);
        }

        int kept = 0;
        for (int i = 0; i < length; i++)
        {
            if (buffer[i] != '\r' || i + 1 == length || buffer[i + 1] != '\n')
            {
                buffer[kept++] = buffer[i];
            }
        }

        return new ReadOnlySpan<byte>(buffer, kept);
    }

    /// <summary>
    /// Nobody reads what the command writes any more: with its pipe closed it learns so itself, by SIGPIPE or EPIPE, as it
    /// would have. A terminal that vanished is different: its hang-up signal is passed on, and the output is still recorded.
    /// </summary>
    private bool CloseSource()
    {
        if (_isPty && _wasTerminal)
        {
            return false;
        }

        Descriptors.LetGo(_source.Fd);
        return true;
    }

    private (bool Readable, bool Gone) Wait(int destination)
    {
        PollFd* fds = stackalloc PollFd[3];
        fds[0] = new PollFd { Fd = _source.Fd, Events = Libc.POLLIN };
        fds[1] = new PollFd { Fd = _wake.Fd, Events = Libc.POLLIN };
        fds[2] = new PollFd { Fd = destination };
        int timeout = Io.Forever;
        if (_commandEnded)
        {
            timeout = Math.Max(0, (int)Remaining().TotalMilliseconds);
        }
        else if (_quietWanted)
        {
            timeout = QuietMilliseconds;
        }

        int ready = Io.Poll(fds, 3, timeout);
        if (fds[1].Returned != 0)
        {
            _wake.Clear();
        }
        else if (ready == 0 && _quietWanted)
        {
            _quietWanted = false;
            _quiet.Set();
        }

        return (fds[0].Returned != 0, (fds[2].Returned & (Libc.POLLERR | Libc.POLLHUP | Libc.POLLNVAL)) != 0);
    }

    private TimeSpan Remaining() => DrainTime - Stopwatch.GetElapsedTime(_endedAt);

    /// <summary>
    /// Reads what is there. A PTY gives at most 4,095 bytes at a time; after such a full piece more is on its way, and is waited
    /// for a moment, so that many pieces go into one write.
    /// </summary>
    private int ReadAvailable(byte* buffer, out bool end)
    {
        int length = 0;
        end = false;
        bool full = false;
        while (length < BufferBytes)
        {
            nint n = Io.Read(_source.Fd, new Span<byte>(buffer + length, BufferBytes - length));
            if (n > 0)
            {
                length += (int)n;
                full = n == FullPtyRead;
                if (_isPty && full)
                {
                    continue;
                }

                break;
            }

            end = n == 0 || Errno.Last != Errno.EAGAIN;
            if (end || !full || !Io.WaitFor(_source.Fd, Libc.POLLIN, GatherMilliseconds))
            {
                break;
            }
        }

        if (_commandEnded && !end)
        {
            // What the command itself has written fits into the pipe; a descendant that prints without end must not hold us.
            _afterEnd += length;
            end = HeldOpen = _afterEnd > PipeTerminal.PipeBytes && Remaining() <= TimeSpan.Zero;
        }

        return length;
    }

    public void Dispose()
    {
        if (!HasEnded)
        {
            // Still held by whoever should read it; the process is about to end.
            return;
        }

        _wake.Dispose();
        _quiet.Dispose();
        _begun.Dispose();
    }
}
