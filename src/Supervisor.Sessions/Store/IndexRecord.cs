using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Supervisor.Sessions.Store;

/// <summary>One line of <c>index.jsonl</c>: a window of the transcript, when its first byte came, and from where.</summary>
internal sealed class IndexRecord
{
    public required long Offset { get; init; }

    public required DateTime Timestamp { get; init; }

    public List<(Channel Channel, long Length)> Runs { get; } = [];

    public long Length { get; private set; }

    public long End => Offset + Length;

    public void Add(Channel channel, long length)
    {
        Length += length;
        if (Runs.Count > 0 && Runs[^1].Channel == channel)
        {
            Runs[^1] = (channel, Runs[^1].Length + length);
        }
        else
        {
            Runs.Add((channel, length));
        }
    }

    /// <summary>Forgets which byte came from where, once that would take too long to say.</summary>
    public void Collapse()
    {
        Runs.Clear();
        Runs.Add((Channel.Mixed, Length));
    }

    public byte[] ToLine()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        StringBuilder line = new(128);
        line.Append(invariant, $"{{\"offset\":{Offset},\"length\":{Length},");
        if (Runs.Count == 1)
        {
            line.Append(invariant, $"\"channel\":\"{Runs[0].Channel.Word()}\",");
        }
        else
        {
            line.Append("\"runs\":[");
            for (int i = 0; i < Runs.Count; i++)
            {
                line.Append(i == 0 ? "" : ",").Append(invariant, $"[\"{Runs[i].Channel.Word()}\",{Runs[i].Length}]");
            }

            line.Append("],");
        }

        line.Append(invariant, $"\"timestamp\":\"{Protocol.Values.Timestamp.Of(Timestamp)}\"}}\n");
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
