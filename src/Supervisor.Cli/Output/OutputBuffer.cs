namespace Supervisor.Cli.Output;

/// <summary>Stdout in large pieces. Whoever waits for something, or talks on stderr, flushes first.</summary>
internal sealed class OutputBuffer : IDisposable
{
    private const int Size = 64 * 1024;

    private readonly byte[] _buffer = new byte[Size];
    private int _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Size - _length)
        {
            Flush();
        }

        if (bytes.Length >= Size)
        {
            Data.WriteRaw(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Flush()
    {
        Data.WriteRaw(_buffer.AsSpan(0, _length));
        _length = 0;
    }

    /// <summary>What was written before a failure is shown before it is told.</summary>
    public void Dispose() => Flush();
}
