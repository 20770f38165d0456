using System.Text.Json;

namespace Supervisor.Sessions.Store;

/// <summary>One line of <c>index.jsonl</c>: a window of the transcript, when its first byte came, and from where.</summary>
internal sealed class IndexRecord
{
    private const int FixedLength = 256;
    private const int RunLength = 48;

    /// <summary>Neighbouring bytes of one channel.</summary>
    internal sealed class Run(Channel channel, long length)
    {
        public Channel Channel { get; } = channel;

        public long Length { get; set; } = length;
    }

    public required long Offset { get; set; }

    public required DateTime Timestamp { get; set; }

    public List<Run> Runs { get; } = [];

    public long Length { get; private set; }

    public long End => Offset + Length;

    public void Add(Channel channel, long length)
    {
        Length += length;
        if (Runs.Count > 0 && Runs[^1].Channel == channel)
        {
            Runs[^1].Length += length;
        }
        else
        {
            Runs.Add(new Run(channel, length));
        }
    }

    /// <summary>Begins another window in the same object.</summary>
    public void Restart(long offset, DateTime timestamp)
    {
        (Offset, Timestamp, Length) = (offset, timestamp, 0);
        Runs.Clear();
    }

    /// <summary>Forgets which byte came from where, once that would take too long to say.</summary>
    public void Collapse()
    {
        Runs.Clear();
        Runs.Add(new Run(Channel.Mixed, Length));
    }

    /// <summary>
    /// Writes the line into <paramref name="buffer"/>, made longer when it must be, and returns its length. A long session writes
    /// many of these: with no garbage its memory stays as it was at the start.
    /// </summary>
    public int WriteLine(ref byte[] buffer)
    {
        int needed = FixedLength + (Runs.Count * RunLength);
        if (buffer.Length < needed)
        {
            buffer = new byte[needed];
        }

        LineText line = new(buffer);
        line.Add("{\"offset\":"u8);
        line.Add(Offset);
        line.Add(",\"length\":"u8);
        line.Add(Length);
        if (Runs.Count == 1)
        {
            line.Add(",\"channel\":\""u8);
            line.Add(Runs[0].Channel.Word());
            line.Add("\""u8);
        }
        else
        {
            line.Add(",\"runs\":["u8);
            for (int i = 0; i < Runs.Count; i++)
            {
                line.Add(i == 0 ? "[\""u8 : ",[\""u8);
                line.Add(Runs[i].Channel.Word());
                line.Add("\","u8);
                line.Add(Runs[i].Length);
                line.Add("]"u8);
            }

            line.Add("]"u8);
        }

        line.Add(",\"timestamp\":\""u8);
        line.Add(Timestamp);
        line.Add("\"}\n"u8);
        return line.Length;
    }

    /// <summary>Null for a line that is torn or not ours.</summary>
    public static IndexRecord? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("offset", out JsonElement offset) || !offset.TryGetInt64(out long start)
                || !root.TryGetProperty("length", out JsonElement length) || !length.TryGetInt64(out long count)
                || !root.TryGetProperty("timestamp", out JsonElement time)
                || !Protocol.Values.Timestamp.TryParse(time.GetString(), out DateTime timestamp))
            {
                return null;
            }

            IndexRecord record = new() { Offset = start, Timestamp = timestamp };
            if (root.TryGetProperty("runs", out JsonElement runs))
            {
                foreach (JsonElement run in runs.EnumerateArray())
                {
                    record.Add(Channels.Parse(run[0].GetString()) ?? Channel.Mixed, run[1].GetInt64());
                }
            }
            else
            {
                string? word = root.TryGetProperty("channel", out JsonElement c) ? c.GetString() : null;
                record.Add(Channels.Parse(word) ?? Channel.Mixed, count);
            }

            return record;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

}
