using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Sessions;
using Supervisor.Host.Supervision;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;

namespace Supervisor.Host.Api.Endpoints;

/// <summary><c>GET /v1/events?after=ID&amp;follow=false</c>: what the journal holds of all sessions, in its order, and then what comes, a line each.</summary>
internal sealed class StreamEvents(ISupervision supervision) : IEndpoint
{
    private const int PageRows = 256, Room = 1024;

    public string Method => "GET";

    public string Path => "/v1/events";

    public TimeSpan Deadline => Timeout.InfiniteTimeSpan;

    public async Task AnswerAsync(ApiCall call)
    {
        bool follow = call.Parameter("follow") switch
        {
            null or "true" => true,
            "false" => false,
            _ => throw SupException.Usage("follow is not valid", "give true or false"),
        };
        Channel<JournalRow> events = Channel.CreateBounded<JournalRow>(Room);
        LineReply lines = call.Lines();
        long position = await supervision.SubscribeEventsAsync(events.Writer, call.Cancelled);
        try
        {
            long last = await SendStoredAsync(lines, call.Parameter("after"), position);
            if (follow)
            {
                await SendNewAsync(lines, events.Reader, last, call.Cancelled);
            }
        }
        finally
        {
            supervision.UnsubscribeEvents(events.Writer);
        }
    }

    private async Task<long> SendStoredAsync(LineReply lines, string? given, long position)
    {
        long? known = given is null ? 0 : OrderingOf(given);
        long last = known ?? 0;
        bool first = true;
        do
        {
            FeedPage page = await supervision.ReadEventsAsync(last, PageRows);
            if (first && (known is null || page.HasGapAfter(last)))
            {
                await lines.RawAsync(Gap(page.Oldest));
            }
            else if (first)
            {
                // An empty answer has a beginning, too.
                await lines.RawAsync(ReadOnlyMemory<byte>.Empty);
            }

            first = false;
            foreach (JournalRow row in page.Events)
            {
                await lines.RawAsync(Line(row));
                last = row.Ordering;
            }

            if (page.Events.Count == 0)
            {
                break;
            }
        }
        while (last < position);
        return last;
    }

    private async Task SendNewAsync(LineReply lines, ChannelReader<JournalRow> events, long last, CancellationToken cancelled)
    {
        try
        {
            while (await events.WaitToReadAsync(cancelled))
            {
                while (events.TryRead(out JournalRow? row))
                {
                    if (row.Ordering > last)
                    {
                        await lines.RawAsync(Line(row));
                        last = row.Ordering;
                    }
                }
            }
        }
        catch (LaggedException)
        {
            await lines.RawAsync(Lagged(last));
        }
    }

    private string IdOf(long ordering) => string.Create(CultureInfo.InvariantCulture, $"j{supervision.Node}.{ordering}");

    private long? OrderingOf(string id)
    {
        string prefix = $"j{supervision.Node}.";
        return id.StartsWith(prefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long ordering)
            ? ordering
            : null;
    }

    private byte[] Line(JournalRow row)
    {
        int slash = row.Manifest.IndexOf('/', StringComparison.Ordinal);
        return Object(json =>
        {
            json.WriteString("id", IdOf(row.Ordering));
            json.WriteString("type", row.Manifest.AsSpan(0, slash));
            json.WriteNumber("version", int.Parse(row.Manifest.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture));
            json.WriteString("session_id", row.PersistenceId.AsSpan(row.PersistenceId.LastIndexOf('/') + 1));
            json.WriteString("timestamp", Timestamp.Of(row.Created.UtcDateTime));
            json.WritePropertyName("data");
            json.WriteRawValue(row.Payload.Span, skipInputValidation: false);
        });
    }

    private byte[] Gap(long oldest) => Object(json =>
    {
        json.WriteNull("id");
        json.WriteString("type", "gap");
        json.WriteString("oldest", oldest > 0 ? IdOf(oldest) : null);
        json.WriteString("reason", "the event to go on after is not in this journal, or others behind it are gone");
    });

    private byte[] Lagged(long last) => Object(json =>
    {
        json.WriteString("id", IdOf(last));
        json.WriteString("type", "lagged");
    });

    private static byte[] Object(Action<Utf8JsonWriter> fields)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }
}
