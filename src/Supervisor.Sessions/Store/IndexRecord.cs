using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Supervisor.Sessions.Store;

/// <summary>One line of <c>index.jsonl</c>: a window of the transcript, when its first byte came, and from where.</summary>
internal sealed class IndexRecord
{
    /// <summary>Neighbouring bytes of one channel.</summary>
    internal sealed record Run(Channel Channel, long Length);

    public required long Offset { get; init; }

    public required DateTime Timestamp { get; init; }

    public List<Run> Runs { get; } = [];

    public long Length { get; private set; }

    public long End => Offset + Length;

    public void Add(Channel channel, long length)
    {
        Length += length;
        if (Runs.Count > 0 && Runs[^1].Channel == channel)
        {
            Runs[^1] = new Run(channel, Runs[^1].Length + length);
        }
        else
        {
            Runs.Add(new Run(channel, length));
        }
    }

    /// <summary>Forgets which byte came from where, once that would take too long to say.</summary>
    public void Collapse()
    {
        Runs.Clear();
        Runs.Add(new Run(Channel.Mixed, Length));
    }

    public byte[] ToLine()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        StringBuilder line = new(128);
        line.Append("{\"offset\":").Append(Offset.ToString(invariant)).Append(",\"length\":").Append(Length.ToString(invariant)).Append(',');
        if (Runs.Count == 1)
        {
            line.Append("\"channel\":\"").Append(Runs[0].Channel.Word()).Append("\",");
        }
        else
        {
            line.Append("\"runs\":[");
            for (int i = 0; i < Runs.Count; i++)
            {
                line.Append(i == 0 ? "[\"" : ",[\"").Append(Runs[i].Channel.Word()).Append("\",")
                    .Append(Runs[i].Length.ToString(invariant)).Append(']');
            }

            line.Append("],");
        }

        line.Append("\"timestamp\":\"").Append(Protocol.Values.Timestamp.Of(Timestamp)).Append("\"}\n");
        return Encoding.ASCII.GetBytes(line.ToString());
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
