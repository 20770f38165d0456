namespace Supervisor.Cli.Commands.Logs;

/// <summary>Takes the colours out of a line of plain text that kept them.</summary>
internal sealed class ColourStripper
{
    private const byte Escape = 0x1b;

    private byte[] _text = new byte[1024];

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<byte> Strip(ReadOnlySpan<byte> line)
    {
        int escape = line.IndexOf(Escape);
        if (escape < 0)
        {
            return line;
        }

        if (_text.Length < line.Length)
        {
            _text = new byte[line.Length];
        }

        int length = 0;
        while (escape >= 0)
        {
            line[..escape].CopyTo(_text.AsSpan(length));
            length += escape;
            line = line[escape..];

            // No other sequences are in it, and none is cut.
            line = line[(line.IndexOf((byte)'m') + 1)..];
            escape = line.IndexOf(Escape);
        }

        line.CopyTo(_text.AsSpan(length));
        return _text.AsSpan(0, length + line.Length);
    }
}
