using System.Buffers;
using Supervisor.Client.Http;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;

namespace Supervisor.Client;

/// <summary>An answer that comes line by line, a JSON object each.</summary>
internal sealed class DaemonLines(HttpBody body, DaemonRecord daemon)
{
    private const int MaxLine = 4 * 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _pending = new();
    private int _taken;

    /// <summary>The next line, without its newline; null at the end.</summary>
    /// <param name="deadline">How long to wait for it; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <exception cref="SupException">The line is an error, or there is none in time, or the daemon is gone.</exception>
    public byte[]? Next(TimeSpan deadline)
    {
        Deadline until = Deadline.In(deadline);
        try
        {
            while (true)
            {
                ReadOnlySpan<byte> waiting = _pending.WrittenSpan[_taken..];
                int end = waiting.IndexOf((byte)'\n');
                if (end >= 0)
                {
                    _taken += end + 1;
                    return Line(waiting[..end], until);
                }

                if (waiting.Length > MaxLine)
                {
                    throw new HttpFailure(HttpFault.Malformed);
                }

                byte[] begun = waiting.ToArray();
                _pending.ResetWrittenCount();
                _pending.Write(begun);
                _taken = 0;
                if (!body.Read(_pending, until))
                {
                    return begun.Length == 0 ? null : throw new HttpFailure(HttpFault.Malformed);
                }
            }
        }
        catch (HttpFailure failure)
        {
            throw DaemonErrors.Of(failure, daemon);
        }
    }

    private byte[] Line(ReadOnlySpan<byte> line, Deadline deadline)
    {
        if (!line.StartsWith("{\"type\":\"error\""u8))
        {
            return line.ToArray();
        }

        SupException error = DaemonErrors.FromAnswer(0, line.ToArray(), daemon);

        // To its end, so that the connection can be used again.
        while (body.Read(_pending, deadline))
        {
        }

        throw error;
    }
}
