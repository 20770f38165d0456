using System.Globalization;

namespace Supervisor.Sessions.Store;

/// <summary>Puts together one line of ASCII in a buffer that is long enough.</summary>
internal ref struct LineText(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_buffer[Length..]);
        Length += text.Length;
    }

    public void Add(string text)
    {
        foreach (char c in text)
        {
            _buffer[Length++] = (byte)c;
        }
    }

    public void Add(long value)
    {
        value.TryFormat(_buffer[Length..], out int written, provider: CultureInfo.InvariantCulture);
        Length += written;
    }

    public void Add(DateTime value)
    {
        value.ToUniversalTime().TryFormat(_buffer[Length..], out int written, "O", CultureInfo.InvariantCulture);
        Length += written;
    }
}
