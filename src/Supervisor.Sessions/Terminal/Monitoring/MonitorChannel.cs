using System.Buffers.Binary;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Terminal.Monitoring;

internal enum MonitorFrame : byte
{
    /// <summary>To the monitor: start this command.</summary>
    Start = 1,

    /// <summary>To the monitor: a signal for the foreground group.</summary>
    Signal,

    /// <summary>To the monitor: let the stopped command go on; 1 in the foreground, 0 not.</summary>
    Continue,

    /// <summary>To the monitor: all is done, the user's terminal is as it was.</summary>
    Bye,

    /// <summary>To the owner: the command's pid.</summary>
    Started,

    /// <summary>To the owner: exit code and reason.</summary>
    StartFailed,

    /// <summary>To the owner: a <see cref="ChildChange"/> and its value.</summary>
    Changed,
}

internal sealed record ReceivedFrame(MonitorFrame Kind, byte[] Payload);

/// <summary>
/// Frames between <c>sup run</c> and its monitor, over a socket pair of two processes of one installation: a length, a
/// kind, a payload. Not a public protocol.
/// </summary>
internal sealed class MonitorChannel(int fd) : IDisposable
{
    private const int HeaderSize = 5;

    /// <summary>Above what execve(2) takes as arguments and environment together.</summary>
    private const int MaxPayload = 16 * 1024 * 1024;

    public int Fd { get; } = fd;

    /// <summary>False when the other side is gone.</summary>
    public bool Send(MonitorFrame kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[HeaderSize + payload.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, payload.Length);
        frame[4] = (byte)kind;
        payload.CopyTo(frame.AsSpan(HeaderSize));
        return Io.WriteAll(Fd, frame) == 0;
    }

    public bool Send(MonitorFrame kind, int first = 0, int second = 0)
    {
        Span<byte> payload = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, first);
        BinaryPrimitives.WriteInt32LittleEndian(payload[sizeof(int)..], second);
        return Send(kind, payload);
    }

    /// <summary>Waits for the next frame; null when the other side is gone.</summary>
    public ReceivedFrame? Receive()
    {
        byte[] header = new byte[HeaderSize];
        if (!ReadAll(header))
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < 0 or > MaxPayload)
        {
            return null;
        }

        byte[] payload = new byte[length];
        return ReadAll(payload) ? new ReceivedFrame((MonitorFrame)header[4], payload) : null;
    }

    public static int Number(ReadOnlySpan<byte> payload, int index) =>
        BinaryPrimitives.ReadInt32LittleEndian(payload[(index * sizeof(int))..]);

    private bool ReadAll(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint n = Io.Read(Fd, buffer);
            if (n <= 0)
            {
                return false;
            }

            buffer = buffer[(int)n..];
        }

        return true;
    }

    public void Dispose() => Libc.close(Fd);
}
