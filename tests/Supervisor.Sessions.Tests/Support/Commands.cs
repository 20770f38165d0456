using System.Text;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>How a command on a terminal ended and what it printed.</summary>
/// <param name="Failure">Why it did not start; then the rest is empty.</param>
/// <param name="End">Its end.</param>
/// <param name="Stdout">What it wrote to its stdout; on a PTY with its stderr in it.</param>
/// <param name="Stderr">What came on a stream of its own.</param>
internal sealed record CommandResult(StartFailure? Failure, WaitStatus End, byte[] Stdout, byte[] Stderr)
{
    public string Text => Encoding.UTF8.GetString(Stdout);
}

/// <summary>Reads a terminal's outputs to their ends, beside the test's own thread.</summary>
internal sealed class OutputReader
{
    private readonly List<byte> _bytes = [];
    private readonly Thread _thread;
    private readonly int _fd;
    private volatile bool _ended;

    public OutputReader(CommandOutput output)
    {
        _fd = output.Fd;
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public byte[] Bytes
    {
        get
        {
            lock (_bytes)
            {
                return [.. _bytes];
            }
        }
    }

    public void WaitForEnd() => Eventually.True(() => _ended, $"the end of the output after {Encoding.UTF8.GetString(Bytes)}");

    public void WaitFor(string text) => Eventually.True(
        () => Encoding.UTF8.GetString(Bytes).Contains(text, StringComparison.Ordinal), $"\"{text}\" in {Encoding.UTF8.GetString(Bytes)}");

    private void Run()
    {
        byte[] buffer = new byte[65536];
        while (true)
        {
            Io.WaitFor(_fd, Libc.POLLIN, 1000);
            nint n = Io.Read(_fd, buffer);
            if (n > 0)
            {
                lock (_bytes)
                {
                    _bytes.AddRange(buffer.AsSpan(0, (int)n));
                }
            }
            else if (n == 0 || Errno.Last != Errno.EAGAIN)
            {
                _ended = true;
                return;
            }
        }
    }
}
