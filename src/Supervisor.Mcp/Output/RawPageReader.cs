using Supervisor.Mcp.Text;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Output;

/// <summary>Reads pages of bytes as base64; secrets are covered byte for byte.</summary>
internal static class RawPageReader
{
    public static OutputPage From(TranscriptReader reader, Masking masking, long cursor, int maxBytes)
    {
        TranscriptPage page = reader.Read(cursor, maxBytes);
        byte[] before = masking.IsEnabled ? Before(reader, page.StartCursor) : [];
        List<OutputChunk> chunks = [];
        foreach (TranscriptChunk chunk in page.Chunks.Take(OutputPage.MaxChunks))
        {
            byte[] bytes = masking.Mask(before, chunk.Bytes.Span);
            chunks.Add(new OutputChunk(chunk.Channel, chunk.StartCursor, chunk.EndCursor, chunk.Timestamp, Convert.ToBase64String(bytes)));
            before = chunk.Bytes.Span[^Math.Min(chunk.Bytes.Length, Masking.Context)..].ToArray();
        }

        long next = chunks.Count < page.Chunks.Count ? chunks[^1].EndCursor : page.NextCursor;
        return new OutputPage
        {
            StartCursor = page.StartCursor,
            NextCursor = next,
            EndCursor = page.EndCursor,
            Floor = page.Floor,
            Eof = next == page.EndCursor,
            IsRaw = true,
            Gaps = [.. page.Gaps.Where(g => g.Offset < next || next == page.NextCursor)],
            Chunks = chunks,
        };
    }

    private static byte[] Before(TranscriptReader reader, long cursor)
    {
        long start = Math.Max(reader.Floor, cursor - Masking.Context);
        byte[] bytes = new byte[Math.Max(0, cursor - start)];
        return reader.Output is { } output ? bytes[..RandomAccess.Read(output, bytes, start)] : [];
    }
}
