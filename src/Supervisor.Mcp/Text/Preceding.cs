using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Text;

/// <summary>What stands before a place in a transcript: a secret that began there is still one.</summary>
internal static class Preceding
{
    /// <summary>At most <see cref="Masking.Context"/> bytes, as plain text.</summary>
    public static string Of(TranscriptReader reader, long cursor)
    {
        Span<byte> bytes = stackalloc byte[Masking.Context];
        long start = Math.Max(reader.Floor, cursor - bytes.Length);
        if (start >= cursor || reader.Output is not { } output)
        {
            return "";
        }

        bytes = bytes[..RandomAccess.Read(output, bytes[..(int)(cursor - start)], start)];
        return PlainText.Of(bytes);
    }
}
